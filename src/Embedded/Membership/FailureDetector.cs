using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Scheduling;
using OrleansInference.Embedded.Transport;

namespace OrleansInference.Embedded.Membership;

/// <summary>
/// Finds members whose process is there but does not run. Counts its own ticks and not time, so that a machine that slept does
/// not find everybody else frozen when it wakes.
/// </summary>
internal sealed class FailureDetector(
    IClusterMembership membership,
    ITransport transport,
    IWorkQueue work,
    TimeProvider time,
    IOptions<EmbeddedClusterOptions> options,
    ILogger<FailureDetector> logger) : IDisposable
{
    private readonly ConcurrentDictionary<SiloAddress, PeerHealth> _peers = new();
    private ITimer? _timer;

    public void Start() => _timer = time.CreateTimer(_ => Tick(), null, options.Value.PingPeriod, options.Value.PingPeriod);

    /// <summary>Something arrived from the peer, so it runs.</summary>
    public void OnHeard(SiloAddress peer)
    {
        if (_timer is not null)
            Interlocked.Increment(ref HealthOf(peer).Heard);
    }

    public void OnLost(SiloAddress peer) => _peers.TryRemove(peer, out _);

    public void Dispose() => _timer?.Dispose();

    private PeerHealth HealthOf(SiloAddress peer) => _peers.GetOrAdd(peer, static _ => new PeerHealth());

    private void Tick()
    {
        foreach (var member in membership.Members.Values)
        {
            if (member.Silo.Equals(membership.Self.Silo))
                continue;
            var health = HealthOf(member.Silo);
            var heard = Interlocked.Read(ref health.Heard);
            var isHeard = heard != health.HeardBefore;
            health.Missed = isHeard ? 0 : health.Missed + 1;
            health.HeardBefore = heard;
            if (isHeard)
                continue;
            if (health.Missed >= options.Value.MissedPings)
                work.Post(() => FenceAsync(member, health), logger);
            else if (Interlocked.Exchange(ref health.IsPinging, 1) == 0)
                work.Post(() => PingAsync(member, health), logger);
        }
    }

    private async Task FenceAsync(Member member, PeerHealth health)
    {
        logger.MemberFrozen(member.Profile.Name, member.Silo, health.Missed);
        membership.Fence(member);
        await membership.RefreshAsync();
    }

    private async Task PingAsync(Member member, PeerHealth health)
    {
        try
        {
            // A dead member is found by its lock; one that lives but takes no connection is heard of no more, and fenced for that.
            await transport.TellAsync(member.Silo, FrameKind.Ping);
        }
        finally
        {
            Volatile.Write(ref health.IsPinging, 0);
        }
    }

    private sealed class PeerHealth
    {
        public long Heard;
        public long HeardBefore;
        public int Missed;
        public int IsPinging;
    }
}
