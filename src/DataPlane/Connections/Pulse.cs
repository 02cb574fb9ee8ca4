using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Connections;

/// <summary>
/// The ticks of all heartbeats of a process. They share one timer, so that the process wakes as often for many connections as for one,
/// and not at all without any.
/// </summary>
public sealed class Pulse(IOptions<DataPlaneOptions> options, TimeProvider time)
{
    private const int TicksPerIdle = 4;

    private readonly TimeSpan _period = options.Value.Idle / TicksPerIdle;
    private readonly Lock _lock = new();
    private ImmutableArray<Heartbeat> _heartbeats = [];
    private ITimer? _timer;
    private long _tick;

    internal DataPlaneOptions Options => options.Value;

    internal TimeProvider Time => time;

    internal void Add(Heartbeat heartbeat)
    {
        lock (_lock)
        {
            _heartbeats = _heartbeats.Add(heartbeat);
            if (_timer is not null)
                return;
            _tick = time.GetTimestamp();
            _timer = time.CreateTimer(static pulse => ((Pulse)pulse!).OnTick(), this, _period, _period);
        }
    }

    internal void Remove(Heartbeat heartbeat)
    {
        lock (_lock)
        {
            _heartbeats = _heartbeats.Remove(heartbeat);
            if (!_heartbeats.IsEmpty)
                return;
            _timer?.Dispose();
            _timer = null;
        }
    }

    private void OnTick()
    {
        ImmutableArray<Heartbeat> heartbeats;
        TimeSpan passed;
        lock (_lock)
        {
            var now = time.GetTimestamp();
            passed = time.GetElapsedTime(_tick, now);
            _tick = now;
            heartbeats = _heartbeats;
        }

        // When this process itself stood still, it has not listened.
        passed = passed < 2 * _period ? passed : 2 * _period;
        foreach (var heartbeat in heartbeats)
            heartbeat.OnTick(passed);
    }
}
