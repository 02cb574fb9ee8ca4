using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Connections;

/// <summary>
/// Notices when this side has sent nothing for a while, and when it has heard nothing for too long.
/// <para>
/// Each side pings by its own timer, whatever its handler does, so that a slow handler is never mistaken for a dead process; one that is
/// stuck for good is for the caller's own deadlines. And silence only counts while this side listens: while the receive queue is full the
/// connection is not read, and what the other side says waits in the kernel.
/// </para>
/// <para>
/// Time counts by ticks that came, each for no more than twice its period: when this process itself stood still, it has not listened.
/// </para>
/// </summary>
internal sealed class Heartbeat : IDisposable
{
    private const int TicksPerIdle = 4;

    private readonly TimeProvider _time;
    private readonly TimeSpan _period;
    private readonly TimeSpan _idleLimit;
    private readonly TimeSpan _silenceLimit;
    private readonly Action _onIdle;
    private readonly Action<TimeSpan> _onSilence;
    private readonly Lock _lock = new();
    private readonly ITimer _timer;
    private long _tick;
    private TimeSpan _idle;
    private TimeSpan _silence;
    private volatile bool _heard;
    private volatile bool _sent;
    private volatile bool _deaf;

    public Heartbeat(DataPlaneOptions options, TimeProvider time, Action onIdle, Action<TimeSpan> onSilence)
    {
        _time = time;
        _idleLimit = options.Idle;
        _silenceLimit = options.Silence;
        _period = options.Idle / TicksPerIdle;
        _onIdle = onIdle;
        _onSilence = onSilence;
        _tick = time.GetTimestamp();
        _timer = time.CreateTimer(static state => ((Heartbeat)state!).OnTick(), this, _period, _period);
    }

    /// <summary>Bytes came in.</summary>
    public void Hear() => _heard = true;

    /// <summary>Bytes went out.</summary>
    public void Send() => _sent = true;

    /// <summary>This side stops listening until <see cref="Listen"/>.</summary>
    public void StopListening() => _deaf = true;

    public void Listen()
    {
        _heard = true;
        _deaf = false;
    }

    public void Dispose() => _timer.Dispose();

    private void OnTick()
    {
        var idle = false;
        var silent = false;
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            var passed = _time.GetElapsedTime(_tick, now);
            _tick = now;
            passed = passed < 2 * _period ? passed : 2 * _period;
            _idle = _sent ? TimeSpan.Zero : _idle + passed;
            _silence = _heard || _deaf ? TimeSpan.Zero : _silence + passed;
            _sent = _heard = false;
            idle = _idle >= _idleLimit;
            silent = _silence >= _silenceLimit;
            if (idle)
                _idle = TimeSpan.Zero;
        }

        if (silent)
            _onSilence(_silenceLimit);
        else if (idle)
            _onIdle();
    }
}
