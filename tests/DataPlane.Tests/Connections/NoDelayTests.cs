using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Tests.Fakes;

namespace OrleansInference.DataPlane.Tests.Connections;

public sealed class NoDelayTests
{
    [Fact]
    public async Task Connection_OnBothSides_SendsSmallFramesAtOnce()
    {
        var sockets = new ConcurrentQueue<Socket>();
        await using var server = await DataPlaneServer.StartAsync(
            _ => new RecordingHandler(), configure: services => services.AddSingleton<IConnectionSecurity>(new SocketWatch(sockets)));

        await using var connection = await server.ConnectAsync(RandomFrames.Hello(ConnectionRole.Ring));

        sockets.Count.ShouldBe(2);
        sockets.ShouldAllBe(socket => socket.NoDelay);
    }

    private sealed class SocketWatch(ConcurrentQueue<Socket> sockets) : IConnectionSecurity
    {
        public bool IsEncrypted => false;

        public ValueTask<Stream> SecureClientAsync(Stream stream, string host, CancellationToken cancellation) => Watch(stream);

        public ValueTask<Stream> SecureServerAsync(Stream stream, CancellationToken cancellation) => Watch(stream);

        private ValueTask<Stream> Watch(Stream stream)
        {
            sockets.Enqueue(((NetworkStream)stream).Socket);
            return new(stream);
        }
    }
}
