using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
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
        await using var server = await DataPlaneServer.StartAsync(_ => new RecordingHandler(), configure: services =>
        {
            // First of all options: what is said of endpoints counts for those that are named later.
            services.Insert(0, ServiceDescriptor.Singleton<IConfigureOptions<KestrelServerOptions>>(new ConfigureOptions<KestrelServerOptions>(
                kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.Use(next => connection =>
                {
                    sockets.Enqueue(connection.Features.Get<IConnectionSocketFeature>()!.Socket);
                    return next(connection);
                })))));
            services.AddSingleton<IConnectionSecurity>(new SocketWatch(sockets));
        });

        await using var connection = await server.ConnectAsync(RandomFrames.Hello(ConnectionRole.Ring));

        sockets.Count.ShouldBe(2);
        sockets.ShouldAllBe(socket => socket.NoDelay);
    }

    private sealed class SocketWatch(ConcurrentQueue<Socket> sockets) : IConnectionSecurity
    {
        public bool IsEncrypted => false;

        public ValueTask<Stream> SecureClientAsync(Stream stream, string host, CancellationToken cancellation)
        {
            sockets.Enqueue(((NetworkStream)stream).Socket);
            return new(stream);
        }

        public ValueTask<Stream> SecureServerAsync(Stream stream, CancellationToken cancellation) => new(stream);
    }
}
