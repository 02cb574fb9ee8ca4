using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using OrleansInference.Embedded.Activations;
using OrleansInference.Embedded.Calls;
using OrleansInference.Embedded.Directory;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Scheduling;
using OrleansInference.Embedded.Transport;

namespace OrleansInference.Embedded.Hosting;

/// <summary>The silo: joins when the host starts, leaves when it stops, and ties the parts of the engine together in between.</summary>
internal sealed class EmbeddedSilo(
    GrainAssemblies assemblies,
    GrainManifest manifest,
    IClusterMembership membership,
    IActivationDirectory directory,
    ITransport transport,
    FailureDetector detector,
    ActivationCatalog catalog,
    CallRouter router,
    CallReceiver receiver,
    IWorkQueue work,
    TimeProvider time,
    IOptions<EmbeddedClusterOptions> options,
    IOptions<SiloOptions> silo,
    IOptions<SiloMetadata> metadata,
    IHostApplicationLifetime lifetime,
    ILogger<EmbeddedSilo> logger) : IHostedService, ITransportHandler
{
    /// <summary>A dying process closes its connections a moment before its lock is free.</summary>
    private static readonly ImmutableArray<TimeSpan> ProbeDelays =
        [.. new[] { 0, 5, 20, 100 }.Select(delay => TimeSpan.FromMilliseconds(delay))];

    /// <summary>How long a silo that stops waits until its peers have stopped calling it.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<SiloAddress, TaskCompletionSource> _draining = new();
    private Task _sweeping = Task.CompletedTask;
    private int _isEnded;

    /// <summary>Whether the silo is a member.</summary>
    public bool IsRunning { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        membership.Changed += OnMemberChanged;
        membership.Evicted += OnEvicted;
        var profile = new MemberProfile(
            silo.Value.SiloName,
            options.Value.IsClient,
            metadata.Value.Metadata,
            options.Value.IsClient ? [] : manifest.Descriptions,
            assemblies.Builds);
        await work.RunAsync(() => membership.JoinAsync(profile, self => transport.ListenAsync(self, this), cancellationToken));
        if (options.Value.WatchesPeers)
            detector.Start();
        IsRunning = true;
        logger.SiloJoined(silo.Value.SiloName, membership.Self.Silo, options.Value.Folder);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!IsRunning || Interlocked.Exchange(ref _isEnded, 1) != 0)
            return;
        await work.RunAsync(membership.BeginLeaveAsync);
        await BroadcastAsync(FrameKind.Changed);
        using var timeout = new CancellationTokenSource(options.Value.StopTimeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        await catalog.StopAsync(limit.Token);
        await DrainRequestsAsync();
        router.Stop();
        detector.Dispose();
        IsRunning = false;
        await transport.DisposeAsync();
        await Task.WhenAny(_sweeping, Task.Delay(DrainTimeout, time, cancellationToken));
        await work.RunAsync(membership.LeaveAsync);
        logger.SiloLeft(silo.Value.SiloName, membership.Self.Silo);
    }

    /// <summary>Ends the silo as if its process had been killed.</summary>
    public void Kill()
    {
        if (Interlocked.Exchange(ref _isEnded, 1) != 0)
            return;
        IsRunning = false;
        catalog.Abandon();
        detector.Dispose();
        membership.Abandon();
        transport.Abort();
        router.Stop();
    }

    void ITransportHandler.OnFrame(SiloAddress from, FrameKind kind, ReadOnlyMemory<byte> body)
    {
        detector.OnHeard(from);
        switch (kind)
        {
            case FrameKind.Request:
                receiver.OnRequest(from, body);
                break;
            case FrameKind.Response:
                router.OnResponse(from, body);
                break;
            case FrameKind.Cancel:
                receiver.OnCancel(from, body);
                break;
            case FrameKind.Ping:
                work.Post(() => transport.TellAsync(from, FrameKind.Pong), logger);
                break;
            case FrameKind.Leaving:
                work.Post(() => transport.TellAsync(from, FrameKind.LeavingSeen), logger);
                break;
            case FrameKind.LeavingSeen:
                OnDrained(from);
                break;
            case FrameKind.Changed:
            case FrameKind.Hello when !membership.Members.ContainsKey(from):
                work.Post(membership.RefreshAsync, logger);
                break;
        }
    }

    void ITransportHandler.OnConnectionLost(SiloAddress peer)
    {
        OnDrained(peer);
        router.OnSiloLost(peer);
        work.Post(() => ProbeAsync(peer), logger);
    }

    private void OnDrained(SiloAddress peer)
    {
        if (_draining.TryGetValue(peer, out var drained))
            drained.TrySetResult();
    }

    // Frames keep their order, so once a peer has answered, every request it has sent is here, and refused.
    private async Task DrainRequestsAsync()
    {
        foreach (var peer in membership.Members.Keys.Where(member => !member.Equals(membership.Self.Silo)))
            _draining[peer] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await BroadcastAsync(FrameKind.Leaving);
        await Task.WhenAny(Task.WhenAll(_draining.Values.Select(drained => drained.Task.FollowAsync())), Task.Delay(DrainTimeout, time));
    }

    private async Task ProbeAsync(SiloAddress peer)
    {
        foreach (var delay in ProbeDelays)
        {
            await Task.Delay(delay, time);
            if (!membership.Members.ContainsKey(peer))
                return;
            await membership.RefreshAsync();
        }
    }

    private void OnMemberChanged(Member member, SiloStatus status)
    {
        if (member.Silo.Equals(membership.Self.Silo))
            return;
        if (status == SiloStatus.Dead)
        {
            detector.OnLost(member.Silo);
            router.OnSiloLost(member.Silo);
            if (member.Status == SiloStatus.Active)
                _sweeping = Task.WhenAll(_sweeping, work.RunAsync(() => SweepAsync(member.Silo)));
        }
        else
        {
            work.Post(() => ConnectAsync(member), logger);
        }
    }

    // One silo of those that are left is enough. One that left in order has left nothing.
    private async Task SweepAsync(SiloAddress dead)
    {
        if (Volatile.Read(ref _isEnded) != 0 || !membership.Self.Silo.Equals(membership.Members.Keys.Min()))
            return;
        try
        {
            await directory.RemoveAllAsync(dead);
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            // Each entry is also replaced when its grain is called.
            logger.DirectorySweepFailed(e, dead);
        }
    }

    private async Task ConnectAsync(Member member)
    {
        try
        {
            await transport.ConnectAsync(member.Silo);
        }
        catch (IOException)
        {
            await ProbeAsync(member.Silo);
        }
    }

    private void OnEvicted(string reason)
    {
        if (Volatile.Read(ref _isEnded) != 0)
            return;
        logger.SiloEvicted(reason);
        Kill();
        lifetime.StopApplication();
    }

    private Task BroadcastAsync(FrameKind kind) => Task.WhenAll(
        membership.Members.Keys.Where(member => !member.Equals(membership.Self.Silo)).Select(member => transport.TellAsync(member, kind)));
}
