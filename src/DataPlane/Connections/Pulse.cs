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

    private readonly Lock _lock = new();
    private ImmutableArray<Heartbeat> _heartbeats = [];
    private ITimer? _timer;

    internal DataPlaneOptions Options => options.Value;

    internal TimeProvider Time => time;

    internal TimeSpan Period { get; } = options.Value.Idle / TicksPerIdle;

    internal void Add(Heartbeat heartbeat)
    {
        lock (_lock)
        {
            _heartbeats = _heartbeats.Add(heartbeat);
            _timer ??= time.CreateTimer(static pulse => ((Pulse)pulse!).OnTick(), this, Period, Period);
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
        lock (_lock)
            heartbeats = _heartbeats;
        foreach (var heartbeat in heartbeats)
            heartbeat.OnTick();
    }
}
