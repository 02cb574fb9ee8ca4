namespace OrleansInference.DataPlane.Frames;

/// <summary>Forgets a slot's cells from a position on; 0 frees the slot.</summary>
public sealed record ClearFrame(int Slot, int FromPosition) : Frame
{
    public override FrameType Type => FrameType.Clear;
}
