namespace OrleansInference.DataPlane.Frames;

/// <summary>
/// Gives an empty slot the cells of another slot's positions [0, <paramref name="EndPosition"/>), so that a sequence which begins alike
/// need not be computed again.
/// </summary>
public sealed record CopyFrame(int SourceSlot, int TargetSlot, int EndPosition) : Frame
{
    public override FrameType Type => FrameType.Copy;
}
