using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;

namespace OrleansInference.ActorEngine.Tests.Grains;

/// <summary>Shows which turns of a grain run when. Gates are named by the key of the grain.</summary>
public interface ITurnGrain : IGrainWithStringKey
{
    /// <summary>Waits at the gate of the name.</summary>
    Task WaitAsync(string gate);

    [AlwaysInterleave]
    Task WaitInterleavedAsync(string gate);

    Task<int> CountAsync();

    Task NoteAsync(int number);

    /// <summary>The numbers noted, in the order they came.</summary>
    Task<List<int>> GetNotesAsync();

    /// <summary>Calls a grain while it waits, with 0, 1, 2 and so on, without waiting in between.</summary>
    /// <returns>The numbers in the order in which the calls ran.</returns>
    Task<List<int>> NoteInTurnAsync(INearTurnGrain other, int count);

    [AlwaysInterleave]
    Task<int> PeekAsync();

    /// <summary>Counts, many small awaits in between; loses counts if it runs twice at once.</summary>
    Task AddSlowlyAsync();

    /// <summary>Calls a grain that calls back.</summary>
    [ResponseTimeout("00:00:01")]
    Task CallInCircleAsync(ITurnGrain other);

    Task CallAsync(ITurnGrain other);

    [ResponseTimeout("00:00:00.300")]
    Task WaitBrieflyAsync(string gate);

    /// <summary>Whether every step, before and after awaits, ran as a task of the grain.</summary>
    Task<bool> StaysOnItsSchedulerAsync();

    /// <summary>Completes the gate of the name when the token that was handed over is cancelled.</summary>
    Task WatchAsync(string gate, CancellationToken cancellation);

    void Signal(string gate);
}

public interface IReentrantTurnGrain : ITurnGrain;

/// <summary>On the silo of the grain that calls it first.</summary>
public interface INearTurnGrain : ITurnGrain;

public interface IWorkerGrain : IGrainWithIntegerKey
{
    Task<(string Silo, Guid Worker)> WorkAsync(string gate);
}

public class TurnGrain : Grain, ITurnGrain
{
    private readonly List<int> _notes = [];
    private int _count;

    public async Task WaitAsync(string gate)
    {
        _count++;
        await Gate.Of(gate).PassAsync();
    }

    public Task WaitInterleavedAsync(string gate) => WaitAsync(gate);

    public Task<int> CountAsync() => Task.FromResult(_count);

    public Task NoteAsync(int number)
    {
        _notes.Add(number);
        return Task.CompletedTask;
    }

    public Task<List<int>> GetNotesAsync() => Task.FromResult(_notes);

    public async Task<List<int>> NoteInTurnAsync(INearTurnGrain other, int count)
    {
        var gate = this.GetPrimaryKeyString();
        await other.CountAsync();
        var first = other.WaitAsync(gate);
        await Gate.Of(gate).Reached;
        var waiting = Enumerable.Range(0, count).Select(other.NoteAsync).ToArray();
        Gate.Of(gate).Open();
        await first;
        await Task.WhenAll(waiting);
        return await other.GetNotesAsync();
    }

    public Task<int> PeekAsync() => Task.FromResult(_count);

    public async Task AddSlowlyAsync()
    {
        var before = _count;
        for (var i = 0; i < 5; i++)
            await Task.Yield();
        _count = before + 1;
    }

    public Task CallInCircleAsync(ITurnGrain other) => other.CallAsync(this.AsReference<ITurnGrain>());

    public Task CallAsync(ITurnGrain other) => other.CountAsync();

    public Task WaitBrieflyAsync(string gate) => Gate.Of(gate).PassAsync();

    public async Task<bool> StaysOnItsSchedulerAsync()
    {
        var scheduler = TaskScheduler.Current;
        if (scheduler == TaskScheduler.Default)
            return false;
        await Task.Delay(1);
        if (TaskScheduler.Current != scheduler)
            return false;
        await Task.Yield();
        return TaskScheduler.Current == scheduler;
    }

    public async Task WatchAsync(string gate, CancellationToken cancellation)
    {
        try
        {
            await Gate.Of(gate).PassAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            Gate.Of($"{gate}/cancelled").Open();
            throw;
        }
    }

    public void Signal(string gate) => Gate.Of(gate).Open();
}

[Reentrant]
public sealed class ReentrantTurnGrain : TurnGrain, IReentrantTurnGrain;

[PreferLocalPlacement]
public sealed class NearTurnGrain : TurnGrain, INearTurnGrain;

[StatelessWorker(2)]
public sealed class WorkerGrain(Orleans.Runtime.ILocalSiloDetails silo) : Grain, IWorkerGrain
{
    private readonly Guid _worker = Guid.NewGuid();

    public async Task<(string Silo, Guid Worker)> WorkAsync(string gate)
    {
        await Gate.Of(gate).PassAsync();
        return (silo.Name, _worker);
    }
}
