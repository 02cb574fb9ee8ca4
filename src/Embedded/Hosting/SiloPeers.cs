using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using OrleansInference.Embedded.Calls;
using OrleansInference.Embedded.Directory;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Scheduling;
using OrleansInference.Embedded.Transport;

namespace OrleansInference.Embedded.Hosting;

/// <summary>
/// What passes between this silo and the others beside calls: who comes and goes, and whether those that are there run. Counts its own
/// looks and not time, so that a machine that slept does not find everybody else frozen when it wakes.
/// </summary>
internal sealed class SiloPeers(
    IClusterMembership membership,
    SiloStatusOracle statuses,
    IActivationDirectory directory,
    ITransport transport,
    CallRouter router,
    CallReceiver receiver,
    TaskScheduler work,
    TimeProvider time,
    IOptions<EmbeddedClusterOptions> options,
    ILogger<SiloPeers> logger) : IDisposable
{
    /// <summary>A dying process closes its connections a moment before its lock is free.</summary>
    private static readonly ImmutableArray<int> ProbeDelaysMilliseconds = [0, 5, 20, 100];

    /// <summary>How long a silo that stops waits until its peers have stopped calling it.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromMilliseconds(500);

    /// <summary>The looks of the watch since a peer was heard of.</summary>
    private readonly ConcurrentDictionary<SiloAddress, int> _silences = new();
    private readonly ConcurrentDictionary<SiloAddress, TaskCompletionSource> _draining = new();
    private ITimer? _watch;
    private bool _isLooking;

    private IEnumerable<Member> Peers => membership.Members.Values.Where(member => !member.Silo.Equals(membership.Self.Silo));

    /// <summary>Begins to look for what is not told: who came or went, and which peers do not run.</summary>
    public void Watch()
    {
        if (options.Value.WatchesPeers)
            _watch = time.CreateTimer(_ => OnTick(), null, options.Value.PingPeriod, options.Value.PingPeriod);
    }

    public void Dispose() => _watch?.Dispose();

    /// <summary>Tells every peer.</summary>
    public Task TellAsync(FrameKind kind) => Task.WhenAll(Peers.Select(peer => transport.TellAsync(peer.Silo, kind)));

    /// <summary>Has the peers stop calling. Frames keep their order: once a peer has answered, every request it sent is here.</summary>
    public async Task DrainAsync()
    {
        foreach (var peer in Peers)
            _draining[peer.Silo] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await TellAsync(FrameKind.Leaving);
        await Task.WhenAny(Task.WhenAll(_draining.Values.Select(drained => drained.Task.FollowAsync())), Task.Delay(DrainTimeout, time));
    }

    /// <summary>Something has arrived. Of one peer, one after another.</summary>
    public void OnFrame(SiloAddress from, FrameKind kind, ReadOnlyMemory<byte> body)
    {
        _silences[from] = 0;
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
                _ = transport.TellAsync(from, FrameKind.Pong);
                break;
            case FrameKind.Leaving:
                _ = transport.TellAsync(from, FrameKind.LeavingSeen);
                break;
            case FrameKind.LeavingSeen:
                OnDrained(from);
                break;
            case FrameKind.Hello:
                work.Post(membership.RefreshAsync, logger);
                break;
        }
    }

    /// <summary>A connection to or from the peer ended.</summary>
    public void OnConnectionLost(SiloAddress peer)
    {
        OnDrained(peer);
        work.Post(() => LoseAsync(peer), logger);
        work.Post(() => ProbeAsync(peer), logger);
    }

    public void OnMemberChanged(Member member, SiloStatus status)
    {
        statuses.OnSeen(member.Silo);
        if (status != SiloStatus.Dead)
        {
            if (!member.Silo.Equals(membership.Self.Silo))
                _ = transport.ConnectAsync(member.Silo);
            return;
        }
        _silences.TryRemove(member.Silo, out _);
        work.Post(() => LoseAsync(member.Silo), logger);
        // One silo of those that are left is enough. One that left in order has left nothing.
        if (member.Status == SiloStatus.Active && membership.Self.Silo.Equals(membership.Members.Keys.Min()))
            work.Post(() => directory.RemoveAllAsync(member.Silo), logger);
    }

    private void OnDrained(SiloAddress peer)
    {
        if (_draining.TryGetValue(peer, out var drained))
            drained.TrySetResult();
    }

    // Looks that were held up and then ran one after another would give no peer the time to be heard of in between.
    private void OnTick()
    {
        if (!Interlocked.Exchange(ref _isLooking, true))
            work.Post(LookAsync, logger);
    }

    private async Task LookAsync()
    {
        try
        {
            await membership.RefreshAsync();
            foreach (var peer in Peers)
                LookAt(peer);
        }
        finally
        {
            Volatile.Write(ref _isLooking, false);
        }
    }

    private void LookAt(Member peer)
    {
        var silence = _silences.AddOrUpdate(peer.Silo, 1, static (_, looks) => looks + 1);
        if (silence > 1)
            _ = transport.TellAsync(peer.Silo, FrameKind.Ping);
        if (silence <= options.Value.MissedPings)
            return;
        logger.MemberFrozen(peer.Profile.Name, peer.Silo, options.Value.MissedPings, peer.ProcessId);
        membership.Fence(peer);
    }

    // A silo that stops in order has answered, but not all answers need have been read when its end is noticed.
    private async Task LoseAsync(SiloAddress peer)
    {
        await transport.TakeRestAsync(peer);
        router.OnSiloLost(peer);
    }

    private async Task ProbeAsync(SiloAddress peer)
    {
        foreach (var delay in ProbeDelaysMilliseconds)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(delay), time);
            if (!membership.Members.ContainsKey(peer))
                return;
            await membership.RefreshAsync();
        }
    }
}
