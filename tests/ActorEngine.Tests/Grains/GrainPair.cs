using Orleans;
using Orleans.Runtime;

namespace OrleansInference.ActorEngine.Tests.Grains;

/// <summary>A grain that calls another as the test says, on the same silo or from one to another.</summary>
public sealed record GrainPair(ICallerGrain Caller, ICalculatorGrain Target)
{
    public static async Task<GrainPair> CreateAsync(ClusterFixture fixture, bool sameSilo)
    {
        var silos = fixture.Cluster.Silos;
        var key = Guid.NewGuid().ToString();
        var pair = new GrainPair(fixture.Client.GetGrain<ICallerGrain>(key), fixture.Client.GetGrain<ICalculatorGrain>(key));
        using (ClusterFixture.PlaceAt(silos[0].SiloAddress))
            await pair.Caller.GetSiloAsync();
        using (ClusterFixture.PlaceAt(silos[sameSilo ? 0 : 1].SiloAddress))
            await pair.Target.GetSiloAsync();
        (await pair.Caller.GetSiloAsync()).Equals(await pair.Target.GetSiloAsync()).ShouldBe(sameSilo);
        return pair;
    }
}

public interface ICallerGrain : IGrainWithStringKey
{
    Task<SiloAddress> GetSiloAsync();

    Task FailThroughAsync(ICalculatorGrain target, string kind, string message);

    Task<bool> KeepsItsArgumentAsync(ICalculatorGrain target);

    Task<bool> LeavesResultAloneAsync(ICalculatorGrain target);

    Task<bool> SharesLabelAsync(ICalculatorGrain target);

    /// <summary>Cancels a call of its own once that has reached the gate.</summary>
    Task<bool> IsCancelledThroughAsync(ITurnGrain target, string gate);
}

public sealed class CallerGrain(ILocalSiloDetails silo) : Grain, ICallerGrain
{
    public Task<SiloAddress> GetSiloAsync() => Task.FromResult(silo.SiloAddress);

    public Task FailThroughAsync(ICalculatorGrain target, string kind, string message) => target.FailAsync(kind, message);

    public async Task<bool> KeepsItsArgumentAsync(ICalculatorGrain target)
    {
        var order = new Order { Lines = { "one" } };
        await target.ChangeAsync(order);
        return order.Lines.Count == 1;
    }

    public async Task<bool> LeavesResultAloneAsync(ICalculatorGrain target)
    {
        var changed = await target.ChangeAsync(new Order());
        changed.Lines.Clear();
        return (await target.GetHeldAsync()).Lines.Count == 1;
    }

    public Task<bool> SharesLabelAsync(ICalculatorGrain target) => target.IsSameAsync(CalculatorGrain.Shared);

    public async Task<bool> IsCancelledThroughAsync(ITurnGrain target, string gate)
    {
        using var cancellation = new CancellationTokenSource();
        var call = target.WatchAsync(gate, cancellation.Token);
        await Gate.Of(gate).Reached;
        await cancellation.CancelAsync();
        try
        {
            await call;
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }
}
