using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Codec;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Tests.Fakes;

/// <summary>Two connections, back to back in memory.</summary>
internal sealed class ConnectionPair : IAsyncDisposable
{
    public const int PipeBytes = 64 << 10;

    private static readonly PipeOptions Buffers = new(pauseWriterThreshold: PipeBytes, resumeWriterThreshold: PipeBytes / 2);

    public ConnectionPair(
        HelloFrame hello, IFrameHandler clientHandler, IFrameHandler serverHandler, DataPlaneOptions? options = null,
        TimeProvider? time = null)
    {
        var there = new Pipe(Buffers);
        var back = new Pipe(Buffers);
        Client = Start(hello, back.Reader, there.Writer, clientHandler, options, time);
        Server = Start(hello, there.Reader, back.Writer, serverHandler, options, time);
    }

    public DataPlaneConnection Client { get; }

    public DataPlaneConnection Server { get; }

    public async ValueTask DisposeAsync()
    {
        await Wait.For(Client.DisposeAsync());
        await Wait.For(Server.DisposeAsync());
    }

    private static DataPlaneConnection Start(
        HelloFrame hello, PipeReader input, PipeWriter output, IFrameHandler handler, DataPlaneOptions? options, TimeProvider? time)
    {
        options ??= new DataPlaneOptions();
        var codec = new FrameCodec(options, new AlignedBufferPool(1 << 20), hello);
        var connection = new DataPlaneConnection(
            hello, "pair", new TransportLink(input, output), codec,
            new Pulse(Options.Create(options), time ?? TimeProvider.System), NullLogger.Instance);
        connection.Start(handler, opening: null);
        return connection;
    }
}
