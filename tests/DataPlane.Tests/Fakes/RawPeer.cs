using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Codec;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Tests.Fakes;

/// <summary>The other end of a connection in memory, played byte by byte by the test.</summary>
internal sealed class RawPeer
{
    private static readonly PipeOptions Buffers = new(pauseWriterThreshold: 64 << 10, resumeWriterThreshold: 32 << 10);

    private readonly Pipe _toConnection = new(Buffers);
    private readonly Pipe _fromConnection = new(Buffers);

    public RawPeer(HelloFrame hello, IFrameHandler handler, TimeProvider time, DataPlaneOptions? options = null)
    {
        options ??= new DataPlaneOptions();
        Codec = new FrameCodec(options, new AlignedBufferPool(1 << 20), hello);
        var link = new TransportLink(_toConnection.Reader, _fromConnection.Writer);
        Connection = new DataPlaneConnection(hello, "raw peer", link, Codec, new Pulse(Options.Create(options), time), NullLogger.Instance);
        Connection.Start(handler, opening: null);
    }

    public DataPlaneConnection Connection { get; }

    public FrameCodec Codec { get; }

    public PipeWriter Output => _toConnection.Writer;

    public PipeReader Input => _fromConnection.Reader;

    public Task SendAsync(params byte[] bytes) => Wait.For(Output.WriteAsync(bytes, TestContext.Current.CancellationToken).AsTask());

    public Task SendAsync(Frame frame) => SendAsync(Codec.Encode(frame));

    /// <summary>The next frame from the connection; null at the end, orderly or not.</summary>
    public async Task<Frame?> ReceiveAsync()
    {
        while (true)
        {
            ReadResult result;
            try
            {
                result = await Wait.For(Input.ReadAsync(TestContext.Current.CancellationToken).AsTask());
            }
            catch (IOException)
            {
                return null;
            }

            var rest = result.Buffer;
            if (Codec.TryDecode(ref rest, out var frame, out _))
            {
                Input.AdvanceTo(rest.Start);
                return frame;
            }

            Input.AdvanceTo(rest.Start, rest.End);
            if (result.IsCompleted)
                return null;
        }
    }
}
