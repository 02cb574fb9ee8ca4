using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Tests.Fakes;

namespace OrleansInference.DataPlane.Tests.Connections;

public sealed class ConnectionSecurityTests
{
    private static readonly HelloFrame Ring = RandomFrames.Hello(ConnectionRole.Ring);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("0")]
    [InlineData("5")]
    public async Task Connection_WhenSecured_CarriesFramesThroughTls(string linkDelayMilliseconds)
    {
        var certificate = TlsSecurity.CreateCertificate();
        using var security = new TlsSecurity(certificate, certificate);
        await using var server = await StartAsync(security, linkDelayMilliseconds);
        var handler = new RecordingHandler();
        var connection = await server.ConnectAsync(Ring, handler);
        var chunk = new byte[3 << 20];
        new Random(2).NextBytes(chunk);
        await Wait.For(connection.SendAsync(new StateFrame(0, 0, chunk.Length, chunk), Cancellation));
        await Wait.Until(() => !handler.Frames.IsEmpty, "the echo");
        ((StateFrame)handler.Frames.Single()).Chunk.Span.SequenceEqual(chunk).ShouldBeTrue();
        security.Handshakes.ShouldBe(1);
        await Wait.For(connection.DisposeAsync());
    }

    [Fact]
    public async Task Connect_WhenTheCertificateIsNotTheExpectedOne_Fails()
    {
        var listeners = TlsSecurity.CreateCertificate();
        var others = TlsSecurity.CreateCertificate();
        using var listenerSecurity = new TlsSecurity(listeners, listeners);
        using var clientSecurity = new TlsSecurity(others, others);
        await using var server = await StartAsync(listenerSecurity, "0");
        await using var stranger = await StartAsync(clientSecurity, "0");
        var connecting = stranger.Connector.ConnectAsync(server.Endpoint, Ring, new RecordingHandler(), Cancellation);
        (await Should.ThrowAsync<DataPlaneUnreachableException>(Wait.For(connecting))).Endpoint.ShouldBe(server.Endpoint);
        server.Accepted.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("0.0.0.0:0")]
    [InlineData("[::]:0")]
    [InlineData("192.0.2.1:7000")]
    public async Task Listen_WhenPlainAndNotOnLoopback_IsRefused(string listen)
    {
        var starting = DataPlaneServer.StartAsync(_ => new RecordingHandler(), [("Listen", listen)]);
        (await Should.ThrowAsync<InvalidOperationException>(starting)).Message.ShouldContain("without encryption only loopback is allowed");
    }

    [Fact]
    public async Task Link_WhenDelayed_TakesTheDelayEachWayAndKeepsWritesFlowing()
    {
        const int frames = 50;
        await using var server = await StartAsync(security: null, "40");
        var handler = new RecordingHandler();
        await using var connection = await server.ConnectAsync(Ring, handler);
        var started = Stopwatch.StartNew();
        for (var i = 0; i < frames; i++)
            await connection.SendAsync(new ClearFrame(0, i), Cancellation);
        await Wait.Until(() => handler.Frames.Count == frames, "every echo");
        started.ElapsedMilliseconds.ShouldBeGreaterThanOrEqualTo(79);
        // One after another they would take fifty times as long.
        started.ElapsedMilliseconds.ShouldBeLessThan(frames * 80 / 2);
        handler.Frames.Cast<ClearFrame>().Select(frame => frame.FromPosition).ShouldBe(Enumerable.Range(0, frames));
    }

    private static Task<DataPlaneServer> StartAsync(TlsSecurity? security, string linkDelayMilliseconds)
    {
        var echo = new RecordingHandler((frame, connection, cancellation) => connection.SendAsync(frame, cancellation));
        return DataPlaneServer.StartAsync(
            _ => echo, [("LinkDelayMilliseconds", linkDelayMilliseconds)],
            services =>
            {
                if (security is not null)
                    services.AddSingleton<IConnectionSecurity>(security);
            });
    }
}
