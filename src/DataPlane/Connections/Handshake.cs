using System.IO.Pipelines;
using OrleansInference.DataPlane.Codec;
using OrleansInference.DataPlane.Frames;

namespace OrleansInference.DataPlane.Connections;

/// <summary>The frames that open a connection, sent and received one at a time.</summary>
internal static class Handshake
{
    public static async ValueTask SendAsync(PipeWriter output, EncodedFrame frame, CancellationToken cancellation)
    {
        using (frame)
            await output.WriteAsync(frame.Memory, cancellation);
    }

    public static EncodedFrame Encode(FrameCodec codec, Frame frame)
    {
        var encoded = new EncodedFrame();
        codec.Encode(frame, encoded);
        return encoded;
    }

    /// <summary>The first frame; bytes after it stay in the pipe.</summary>
    public static async ValueTask<Frame> ReceiveAsync(PipeReader input, FrameCodec codec, CancellationToken cancellation)
    {
        while (true)
        {
            var result = await input.ReadAsync(cancellation);
            var rest = result.Buffer;
            if (codec.TryDecode(ref rest, out var frame, out _))
            {
                input.AdvanceTo(rest.Start);
                return frame;
            }

            if (result.IsCompleted)
                throw new DataPlaneClosedException("the remote closed it before its first frame");
            input.AdvanceTo(rest.Start, rest.End);
        }
    }
}
