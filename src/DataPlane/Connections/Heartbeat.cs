namespace OrleansInference.DataPlane.Connections;

/// <summary>
/// Notices when this side has sent nothing for a while, and when it has heard nothing for too long.
/// <para>
/// Each side pings by its own time, whatever its handler does, so that a slow handler is never mistaken for a dead process; one that is
/// stuck for good is for the caller's own deadlines. And silence only counts while this side listens: while the receive queue is full the
/// connection is not read, and what the other side says waits in the kernel.
/// </para>
/// <para>
/// Time counts by ticks that came, each for no more than twice their period: when this process itself stood still, it has not listened.
/// </para>
/// </summary>
internal sealed class Heartbeat : IDisposable
{
    private readonly Pulse _pulse;
    private readonly Action _onIdle;
    private readonly Action<TimeSpan> _onSilence;
    private readonly Lock _lock = new();
    private TimeSpan _idle;
    private TimeSpan _silence;
    private long _tick;
    private volatile bool _heard;
    private volatile bool _sent;
    private volatile bool _deaf;

    public Heartbeat(Pulse pulse, Action onIdle, Action<TimeSpan> onSilence)
    {
        (_pulse, _onIdle, _onSilence) = (pulse, onIdle, onSilence);
        _tick = pulse.Time.GetTimestamp();
        pulse.Add(this);
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

    public void Dispose() => _pulse.Remove(this);

    public void OnTick()
    {
        var idle = false;
        var silent = false;
        lock (_lock)
        {
            var now = _pulse.Time.GetTimestamp();
            var passed = _pulse.Time.GetElapsedTime(_tick, now);
            _tick = now;
            passed = passed < 2 * _pulse.Period ? passed : 2 * _pulse.Period;
            _idle = _sent ? TimeSpan.Zero : _idle + passed;
            _silence = _heard || _deaf ? TimeSpan.Zero : _silence + passed;
            _sent = _heard = false;
            idle = _idle >= _pulse.Options.Idle;
            silent = _silence >= _pulse.Options.Silence;
            if (idle)
                _idle = TimeSpan.Zero;
        }

        if (silent)
            _onSilence(_pulse.Options.Silence);
        else if (idle)
            _onIdle();
    }
}
