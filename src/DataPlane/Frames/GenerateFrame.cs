using OrleansInference.DataPlane.Generation;

namespace OrleansInference.DataPlane.Frames;

/// <summary>Asks the head for a completion.</summary>
/// <param name="RequestId">Chosen by the gateway; unique on its connection.</param>
public sealed record GenerateFrame(long RequestId, GenerationRequest Request) : Frame
{
    public override FrameType Type => FrameType.Generate;
}
