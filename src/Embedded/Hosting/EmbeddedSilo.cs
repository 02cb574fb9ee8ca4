using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using OrleansInference.Embedded.Activations;
using OrleansInference.Embedded.Calls;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Transport;

namespace OrleansInference.Embedded.Hosting;

/// <summary>The silo: joins when the host starts, and leaves when it stops.</summary>
internal sealed class EmbeddedSilo(
    GrainAssemblies assemblies,
    GrainManifest manifest,
    IClusterMembership membership,
    ITransport transport,
    SiloPeers peers,
    ActivationCatalog catalog,
    CallRouter router,
    TimeProvider time,
    IOptions<EmbeddedClusterOptions> options,
    IOptions<SiloOptions> silo,
    IOptions<SiloMetadata> metadata,
    IHostApplicationLifetime lifetime,
    ILogger<EmbeddedSilo> logger) : IHostedService
{
    private bool _isEnded;

    /// <summary>Whether the silo is a member.</summary>
    public bool IsRunning { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        membership.Changed += peers.OnMemberChanged;
        membership.Changed += OnMemberChanged;
        var profile = new MemberProfile(
            silo.Value.SiloName,
            options.Value.IsClient,
            metadata.Value.Metadata,
            options.Value.IsClient ? [] : manifest.Hosted,
            assemblies.Builds);
        await membership.JoinAsync(profile, self => transport.ListenAsync(self, peers), cancellationToken);
        peers.Watch();
        IsRunning = true;
    }

    /// <summary>Leaves in order. With a token that is cancelled already, the silo ends as if its process had been killed.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!IsRunning || Interlocked.Exchange(ref _isEnded, true))
            return;
        if (!cancellationToken.IsCancellationRequested)
            await LeaveAsync(cancellationToken);
        IsRunning = false;
        peers.Dispose();
        catalog.Abandon();
        router.Stop();
        await transport.DisposeAsync();
        membership.Leave();
    }

    private async Task LeaveAsync(CancellationToken cancellation)
    {
        await membership.BeginLeaveAsync();
        await peers.TellAsync(FrameKind.Hello);
        using var timeout = new CancellationTokenSource(options.Value.StopTimeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        await catalog.StopAsync(limit.Token);
        await peers.DrainAsync();
    }

    // Somebody removed this silo's files: to others it is dead, and its grains may live elsewhere already.
    private void OnMemberChanged(Member member, SiloStatus status)
    {
        if (status != SiloStatus.Dead || !member.Silo.Equals(membership.Self.Silo) || Volatile.Read(ref _isEnded))
            return;
        logger.SiloEvicted(options.Value.Folder);
        _ = StopAsync(new CancellationToken(canceled: true));
        lifetime.StopApplication();
    }
}
