using Orleans;
using Orleans.Runtime;
using OrleansInference.Embedded.Scheduling;

namespace OrleansInference.Embedded.Activations;

/// <remarks>Each turn follows another: one that interleaves the start of the grain, the others the last one that does not.</remarks>
internal sealed partial class Activation
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<Task> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DeactivationReason> _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<TurnRefusal> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<Task> _last;
    private int _running;
    private long _idleSince;

    public Task Deactivated => _ended.Task;

    /// <summary>Turns that run or wait.</summary>
    public int Load { get; private set; }

    /// <summary>Whether a turn runs, or may start.</summary>
    public bool IsServing => IsOpen || _running > 0;

    private bool IsOpen => _started.Task.IsCompleted && !_ending.Task.IsCompleted && !_ended.Task.IsCompleted;

    /// <summary>Runs a turn as soon as it may, or refuses it where too many wait. False, and nothing done, once the activation has ended.</summary>
    public bool TryEnqueue(Turn turn)
    {
        lock (_lock)
        {
            if (Deactivated.IsCompleted)
                return false;

            // Timers tick on whatever waits, and each has no more than one turn.
            if (Load - _running < Host.MailboxLength || turn is GrainTimer)
            {
                Load++;
                var interleaves = turn.Interleaves || Class.IsReentrant;
                var before = interleaves ? _started.Task : _last;
                var started = _scheduler.Start(() => RunAsync(turn, before));
                _last = interleaves ? _last : started;
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
            _ending.TrySetResult(deactivationReason);
            if (_running == 0)
                _drained.TrySetResult();
        }
    }

    /// <summary>Ends the activation if no turn that keeps it alive has run for so long, and there is none.</summary>
    public void Collect(TimeSpan age)
    {
        lock (_lock)
        {
            if (IsOpen && Load == 0 && !Class.IsKeptAlive && Host.Time.GetElapsedTime(_idleSince) >= age)
                Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, $"The grain was idle for {age}."));
        }
    }

    /// <summary>Takes no more turns, and refuses those that wait.</summary>
    public void End(TurnRefusal refusal)
    {
        lock (_lock)
        {
            _ended.TrySetResult(refusal);
            _started.TrySetResult(Task.CompletedTask);
        }
    }

    /// <summary>Runs something between the steps of whatever turns are at work.</summary>
    public void Post(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler);

    private bool TryBegin()
    {
        lock (_lock)
        {
            _running += IsOpen ? 1 : 0;
            return IsOpen;
        }
    }

    private async Task RunAsync(Turn turn, Task<Task> before)
    {
        await await before;
        if (!TryBegin())
        {
            turn.Refuse(await _ended.Task);
            return;
        }
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
            Load--;
            _running--;
            if (turn.KeepsAlive)
                _idleSince = Host.Time.GetTimestamp();
            if (_running == 0 && !IsOpen)
                _drained.TrySetResult();
        }
    }
}
