namespace OrleansInference.DataPlane.Frames;

/// <summary>
/// Bytes that are no frame, or a frame that does not belong on its connection. The message names the frame and what is wrong with it.
/// </summary>
public sealed class DataPlaneProtocolException : Exception
{
    public DataPlaneProtocolException(string message) : base(message)
    {
    }

    internal DataPlaneProtocolException(FrameType frame, string problem) : base($"{frame} frame: {problem}") => Frame = frame;

    /// <summary>The frame at fault; null when the bytes do not even name one.</summary>
    public FrameType? Frame { get; }
}
