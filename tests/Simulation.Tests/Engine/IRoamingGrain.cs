using Orleans;

namespace OrleansInference.Simulation.Tests.Engine;

/// <summary>Does what grains must not do, for the tests of the simulation itself.</summary>
public interface IRoamingGrain : IGrainWithIntegerKey
{
    /// <summary>Goes on when <see cref="RoamingGrain.ComeBack"/> says so.</summary>
    Task LeaveAsync();

    /// <summary>Waits for others the ordinary way.</summary>
    Task<int> StayAsync();

    Task<int> AnswerAsync(TimeSpan after);
}

internal sealed class RoamingGrain(TimeProvider time) : Grain, IRoamingGrain
{
    private static TaskCompletionSource s_away = new();

    /// <summary>Ends what the grain waits for, which must have begun: what is done already needs no way back.</summary>
    public static void ComeBack() => s_away.SetResult();

    public async Task LeaveAsync()
    {
        s_away = new TaskCompletionSource();
        await s_away.Task;
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
}
