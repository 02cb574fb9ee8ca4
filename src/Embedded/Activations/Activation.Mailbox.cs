using Orleans;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Activations;

internal sealed partial class Activation
{
    private readonly Lock _lock = new();
    private readonly Queue<Turn> _waiting = [];
    private readonly HashSet<GrainTimer> _timers = [];
    private readonly TaskCompletionSource<DeactivationReason> _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private State _state = State.Starting;
    private DeactivationReason? _endingReason;
    private int _running;
    private int _blocking;
    private long _idleSince;

    private enum State
    {
        Starting,
        Active,
        Ending,
        Ended,
    }

    internal enum EnqueueResult
    {
        Accepted,
        Full,
        Ended,
    }

    /// <summary>Turns that run or wait.</summary>
    public int Load
    {
        get
        {
            lock (_lock)
                return _running + _waiting.Count;
        }
    }

    /// <summary>Whether a turn runs, or may start.</summary>
    public bool IsServing
    {
        get
        {
            lock (_lock)
                return _state is State.Starting or State.Active || _running > 0;
        }
    }

    public EnqueueResult TryEnqueue(Turn turn)
    {
        lock (_lock)
        {
            if (_state == State.Ended)
                return EnqueueResult.Ended;
            if (_state == State.Active && MayRun(turn) && (_waiting.Count == 0 || Interleaves(turn)))
            {
                Start(turn);
                return EnqueueResult.Accepted;
            }
            if (turn.IsBounded && _waiting.Count >= _host.MailboxLength)
                return EnqueueResult.Full;
            _waiting.Enqueue(turn);
            return EnqueueResult.Accepted;
        }
    }

    /// <summary>Ends the activation once the turns that run now have finished; those that wait go to the next activation.</summary>
    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            _endingReason ??= deactivationReason;
            if (_state == State.Active)
                BeginEnd();
        }
    }

    public bool IsIdleFor(TimeSpan age, long now)
    {
        lock (_lock)
            return _state == State.Active && _running == 0 && _waiting.Count == 0 && _host.Time.GetElapsedTime(_idleSince, now) >= age;
    }

    /// <summary>Runs something between the steps of whatever turns are at work.</summary>
    public void Post(Action action) => _scheduler.Start(static state =>
    {
        ((Action)state!)();
        return Task.CompletedTask;
    }, action);

    internal IGrainTimer RegisterTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        var timer = new GrainTimer(this, callback, options, _host.Time, _host.Logger);
        lock (_lock)
        {
            if (_state < State.Ending)
                _timers.Add(timer);
            else
                timer.Dispose();
        }
        return timer;
    }

    internal void Forget(GrainTimer timer)
    {
        lock (_lock)
            _timers.Remove(timer);
    }

    internal void DisposeTimers()
    {
        GrainTimer[] timers;
        lock (_lock)
            timers = [.. _timers];
        foreach (var timer in timers)
            timer.Dispose();
    }

    // The grain is ready: whatever waited may run, in its order, as far as the rules let it.
    private void Open()
    {
        lock (_lock)
        {
            _state = State.Active;
            if (_endingReason is not null)
            {
                BeginEnd();
                return;
            }
            for (var count = _waiting.Count; count > 0; count--)
            {
                var turn = _waiting.Dequeue();
                if (MayRun(turn))
                    Start(turn);
                else
                    _waiting.Enqueue(turn);
            }
        }
    }

    private void End(TurnRefusal refusal)
    {
        Turn[] refused;
        _host.Forget(this);
        lock (_lock)
        {
            _state = State.Ended;
            refused = [.. _waiting];
            _waiting.Clear();
        }
        _deactivated.TrySetResult();
        foreach (var turn in refused)
            turn.Refuse(refusal);
    }

    private void BeginEnd()
    {
        _state = State.Ending;
        if (_running == 0)
            _drained.TrySetResult();
        _ending.TrySetResult(_endingReason!.Value);
    }

    private bool Interleaves(Turn turn) => turn.Interleaves || Class.IsReentrant;

    private bool MayRun(Turn turn) => _blocking == 0 || Interleaves(turn);

    private void Start(Turn turn)
    {
        _running++;
        if (!Interleaves(turn))
            _blocking++;
        _ = _scheduler.Start(static state =>
        {
            var (activation, turn) = ((Activation, Turn))state!;
            return activation.RunAsync(turn);
        }, (this, turn));
    }

    private async Task RunAsync(Turn turn)
    {
        _host.Observer?.OnStarted(this, turn);
        try
        {
            await turn.RunAsync(this);
        }
        catch (Exception e)
        {
            // Turns tell their own failures; whatever escapes must not stop the grain.
            _host.Logger.BackgroundWorkFailed(e);
        }
        _host.Observer?.OnEnded(this, turn);
        lock (_lock)
        {
            _running--;
            if (!Interleaves(turn))
                _blocking--;
            if (turn.KeepsAlive)
                _idleSince = _host.Time.GetTimestamp();
            if (_state == State.Ending)
            {
                if (_running == 0)
                    _drained.TrySetResult();
                return;
            }
            while (_waiting.TryPeek(out var next) && MayRun(next))
                Start(_waiting.Dequeue());
        }
    }
}
