namespace OrleansInference.DataPlane.Frames;

/// <summary>
/// A sign of life, answered with the same nonce and <paramref name="IsReply"/> set. Connections send and answer it themselves.
/// </summary>
public sealed record PingFrame(ulong Nonce, bool IsReply) : Frame
{
    public override FrameType Type => FrameType.Ping;
}
