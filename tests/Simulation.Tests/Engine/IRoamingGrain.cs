using Orleans;

namespace OrleansInference.Simulation.Tests.Engine;

/// <summary>Does what grains must not do, for the tests of the simulation itself.</summary>
public interface IRoamingGrain : IGrainWithIntegerKey
{
    /// <summary>Goes on after work on the thread pool.</summary>
    Task LeaveAsync();

    /// <summary>Waits for others the ordinary way.</summary>
    Task<int> StayAsync();

    Task<int> AnswerAsync(TimeSpan after);
}

internal sealed class RoamingGrain(TimeProvider time) : Grain, IRoamingGrain
{
    public async Task LeaveAsync()
    {
        var away = new TaskCompletionSource();
        // Awaited before the thread pool has it: what is done already needs no way back.
        var back = ComeBackAsync(away.Task);
        ThreadPool.QueueUserWorkItem(static away => away.SetResult(), away, preferLocal: false);
        await back;
    }

    public async Task<int> StayAsync()
    {
        var others = Enumerable.Range(1, 3).Select(key => GrainFactory.GetGrain<IRoamingGrain>(key)).ToList();
        var answers = await Task.WhenAll(others.Select(static other => other.AnswerAsync(TimeSpan.FromSeconds(1))));
        var late = await others[0].AnswerAsync(TimeSpan.FromSeconds(2)).WaitAsync(TimeSpan.FromSeconds(10), time);
        return answers.Sum() + late;
    }

    public async Task<int> AnswerAsync(TimeSpan after)
    {
        await Task.Delay(after, time);
        return 1;
    }

    private static async Task ComeBackAsync(Task away) => await away;
}
