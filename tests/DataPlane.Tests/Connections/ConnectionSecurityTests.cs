using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;
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
        using var certificates = new ClusterCertificates();
        await using var server = await StartAsync(certificates, linkDelayMilliseconds);
        var handler = new RecordingHandler();
        var connection = await server.ConnectAsync(Ring, handler);
        var chunk = new byte[3 << 20];
        new Random(2).NextBytes(chunk);
        await Wait.For(connection.SendAsync(new StateFrame(0, 0, chunk.Length, chunk), Cancellation));
        await Wait.Until(() => !handler.Frames.IsEmpty, "the echo");
        ((StateFrame)handler.Frames.Single()).Chunk.Span.SequenceEqual(chunk).ShouldBeTrue();
        await Wait.For(connection.DisposeAsync());
    }

    [Fact]
    public async Task Connect_WhenSecuredAndRefused_SaysWhy()
    {
        using var certificates = new ClusterCertificates();
        await using var server = await DataPlaneServer.StartAsync(
            _ => throw new DataPlaneRefusedException("Epoch 2 is over."), certificates.Settings);
        (await Should.ThrowAsync<DataPlaneRefusedException>(server.ConnectAsync(Ring))).Reason.ShouldBe("Epoch 2 is over.");
    }

    [Fact]
    public async Task Connect_WhenOneSideIsOfAnotherAuthority_Fails()
    {
        using var ours = new ClusterCertificates();
        using var others = new ClusterCertificates();
        await using var server = await StartAsync(ours, "0");
        await using var stranger = await StartAsync(others, "0");
        await ShouldNotConnectAsync(stranger, server);
    }

    [Fact]
    public async Task Connect_WhileAnAuthorityIsReplaced_WorksWhereTheAuthorityFilesHoldBoth()
    {
        using var old = new ClusterCertificates();
        using var next = new ClusterCertificates();
        var both = old.Authority + next.Authority;
        old.Write("ca.crt", both);
        next.Write("ca.crt", both);
        await using var server = await StartAsync(old, "0");
        await using var renewed = await StartAsync(next, "0");
        foreach (var (from, to) in new[] { (server, renewed), (renewed, server) })
            await Wait.For((await from.Connector.ConnectAsync(to.Endpoint, Ring, new RecordingHandler(), Cancellation)).DisposeAsync());
    }

    [Fact]
    public async Task Connect_WhenTheListenersCertificateNamesAnotherHost_Fails()
    {
        using var elsewhere = new ClusterCertificates("192.0.2.7");
        await using var server = await StartAsync(elsewhere, "0");
        await ShouldNotConnectAsync(server, server);
    }

    [Fact]
    public async Task Connect_WhenOnlyOneSideIsSecured_Fails()
    {
        using var certificates = new ClusterCertificates();
        await using var secured = await StartAsync(certificates, "0");
        await using var plain = await StartAsync(certificates: null, "0");
        await ShouldNotConnectAsync(plain, secured);
        await ShouldNotConnectAsync(secured, plain);
    }

    [Theory]
    [InlineData("tls.crt", "CertificatePath cannot be used")]
    [InlineData("tls.key", "CertificatePath cannot be used")]
    [InlineData("ca.crt", "AuthorityPath cannot be used")]
    public async Task Start_WhenACertificateFileIsBroken_NamesTheSetting(string file, string fault)
    {
        using var certificates = new ClusterCertificates();
        certificates.Write(file, "no PEM");
        (await Should.ThrowAsync<OptionsValidationException>(StartAsync(certificates, "0"))).Message.ShouldContain(fault);
    }

    [Theory]
    [InlineData("tls.key", "CertificatePath cannot be used: The provided key does not match")]
    [InlineData("ca.crt", "CertificatePath names '")]
    public async Task Start_WhenAFileIsOfOtherCertificates_NamesTheSetting(string file, string fault)
    {
        using var certificates = new ClusterCertificates();
        using var others = new ClusterCertificates();
        certificates.Write(file, others.Read(file));
        (await Should.ThrowAsync<OptionsValidationException>(StartAsync(certificates, "0"))).Message.ShouldContain(fault);
    }

    [Fact]
    public async Task Start_WhenTheCertificateIsOver_SaysSinceWhen()
    {
        using var certificates = new ClusterCertificates(daysLeft: -2);
        (await Should.ThrowAsync<OptionsValidationException>(StartAsync(certificates, "0"))).Message.ShouldContain(
            $"which is over since {DateTime.UtcNow.AddDays(-2):yyyy-MM-dd}");
    }

    /// <summary>As a gateway does, which opens its first connection with its first request.</summary>
    [Fact]
    public async Task Start_WhenNothingListensAndAFileIsBroken_NamesTheSetting()
    {
        using var certificates = new ClusterCertificates();
        certificates.Write("tls.key", "no PEM");
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(certificates.Settings.Select(
            setting => KeyValuePair.Create($"{DataPlaneOptions.Section}:{setting.Key}", (string?)setting.Value)));
        builder.Services.AddDataPlane();
        using var host = builder.Build();
        (await Should.ThrowAsync<OptionsValidationException>(host.StartAsync(Cancellation))).Message.ShouldContain(
            "DataPlane:Tls:CertificatePath cannot be used");
    }

    [Fact]
    public async Task Start_WhenAFileIsNotNamed_SaysWhichIsMissing()
    {
        using var certificates = new ClusterCertificates();
        var starting = DataPlaneServer.StartAsync(_ => new RecordingHandler(), certificates.Settings[..1]);
        (await Should.ThrowAsync<OptionsValidationException>(starting)).Message.ShouldContain("DataPlane:Tls:KeyPath is missing");
    }

    [Fact]
    public async Task Listen_WhenOnEveryAddressAndNoneIsAdvertised_IsRefused()
    {
        using var certificates = new ClusterCertificates();
        var starting = DataPlaneServer.StartAsync(_ => new RecordingHandler(), [.. certificates.Settings, ("Listen", "0.0.0.0:0")]);
        (await Should.ThrowAsync<InvalidOperationException>(starting)).Message.ShouldContain("DataPlane:Advertise is missing");
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
        await using var server = await StartAsync(certificates: null, "40");
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

    private static async Task ShouldNotConnectAsync(DataPlaneServer from, DataPlaneServer to)
    {
        var connecting = from.Connector.ConnectAsync(to.Endpoint, Ring, new RecordingHandler(), Cancellation);
        (await Should.ThrowAsync<DataPlaneUnreachableException>(Wait.For(connecting))).Endpoint.ShouldBe(to.Endpoint);
        to.Accepted.ShouldBeEmpty();
    }

    private static Task<DataPlaneServer> StartAsync(ClusterCertificates? certificates, string linkDelayMilliseconds)
    {
        var echo = new RecordingHandler((frame, connection, cancellation) => connection.SendAsync(frame, cancellation));
        return DataPlaneServer.StartAsync(
            _ => echo,
            [("LinkDelayMilliseconds", linkDelayMilliseconds), ("ConnectTimeoutMilliseconds", "2000"), .. certificates?.Settings ?? []]);
    }
}
