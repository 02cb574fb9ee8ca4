using Orleans;
using Orleans.Runtime;
using OrleansInference.Embedded.Scheduling;

namespace OrleansInference.Embedded.Activations;

/// <remarks>While the activation is open, turns wait only for the one that runs and does not interleave.</remarks>
internal sealed partial class Activation
{
    private readonly Lock _lock = new();
    private readonly Queue<Turn> _waiting = [];
    private readonly TaskCompletionSource<DeactivationReason> _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _deactivated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isOpen;
    private bool _isBlocked;
    private int _running;
    private long _idleSince;

    public Task Deactivated => _deactivated.Task;

    /// <summary>Turns that run or wait.</summary>
    public int Load => _running + _waiting.Count;

    /// <summary>Whether a turn runs, or may start.</summary>
    public bool IsServing => _isOpen || _running > 0;

    /// <summary>Runs a turn as soon as it may, or refuses it where too many wait. False, and nothing done, once the activation has ended.</summary>
    public bool TryEnqueue(Turn turn)
    {
        lock (_lock)
        {
            if (Deactivated.IsCompleted)
                return false;
            if (_isOpen && MayRun(turn))
            {
                Start(turn);
                return true;
            }

            // Timers tick on whatever waits, and each has no more than one turn.
            if (_waiting.Count < Host.MailboxLength || turn is GrainTimer)
            {
                _waiting.Enqueue(turn);
                return true;
            }
        }
        turn.Refuse(new TurnRefusal(RefusalReason.Failed, Fault: new LimitExceededException(
            $"Grain {GrainId} is overloaded: {Host.MailboxLength} calls wait for it, the most that may.")));
        return true;
    }

    /// <summary>Ends the activation once the turns that run now have finished; those that wait go to the next activation.</summary>
    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            _isOpen = false;
            _ending.TrySetResult(deactivationReason);
            if (_running == 0)
                _drained.TrySetResult();
        }
    }

    /// <summary>Ends the activation if no turn that keeps it alive has run for so long, and none runs.</summary>
    public void Collect(TimeSpan age)
    {
        lock (_lock)
        {
            if (_isOpen && _running == 0 && !Class.IsKeptAlive && Host.Time.GetElapsedTime(_idleSince) >= age)
                Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, $"The grain was idle for {age}."));
        }
    }

    /// <summary>Takes no more turns, and refuses those that wait.</summary>
    public void End(TurnRefusal refusal)
    {
        lock (_lock)
        {
            _isOpen = false;
            _deactivated.TrySetResult();
        }
        foreach (var turn in _waiting)
            turn.Refuse(refusal);
    }

    /// <summary>Runs something between the steps of whatever turns are at work.</summary>
    public void Post(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler);

    // The grain is ready: whatever waited may run, in its order, as far as the rules let it.
    private void Open()
    {
        lock (_lock)
        {
            if (_ending.Task.IsCompleted)
                return;
            _isOpen = true;
            Turn[] waiting = [.. _waiting];
            _waiting.Clear();
            foreach (var turn in waiting)
                TryEnqueue(turn);
        }
    }

    private bool Interleaves(Turn turn) => turn.Interleaves || Class.IsReentrant;

    private bool MayRun(Turn turn) => !_isBlocked || Interleaves(turn);

    private void Start(Turn turn)
    {
        _running++;
        _isBlocked |= !Interleaves(turn);
        _scheduler.Start(() => RunAsync(turn));
    }

    private async Task RunAsync(Turn turn)
    {
        Host.Observer?.OnStarted(this, turn);
        try
        {
            await turn.RunAsync(this);
        }
        catch (Exception e)
        {
            // Turns tell their own failures; whatever escapes must not stop the grain.
            Host.Logger.BackgroundWorkFailed(e);
        }
        Host.Observer?.OnEnded(this, turn);
        lock (_lock)
        {
            _running--;
            _isBlocked &= Interleaves(turn);
            if (turn.KeepsAlive)
                _idleSince = Host.Time.GetTimestamp();
            if (_running == 0 && !_isOpen)
                _drained.TrySetResult();
            while (_isOpen && _waiting.TryPeek(out var next) && MayRun(next))
                Start(_waiting.Dequeue());
        }
    }
}
