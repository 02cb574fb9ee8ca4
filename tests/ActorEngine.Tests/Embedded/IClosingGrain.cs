using Orleans;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using OrleansInference.ActorEngine.Tests.Grains;

namespace OrleansInference.ActorEngine.Tests.Embedded;

/// <summary>A grain that moves to where it is told, and takes its time to let go of the silo that it leaves.</summary>
public interface IClosingGrain : IGrainWithStringKey
{
    Task<MovingReport> GetAsync();

    Task MoveAsync(SiloAddress silo);
}

public sealed class ClosingGrain(ILocalSiloDetails silo) : Grain, IClosingGrain, IGrainMigrationParticipant, IAsyncDisposable
{
    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(1);

    private readonly Guid _activation = Guid.NewGuid();
    private int _moves;
    private int _arrivals;

    /// <summary>Opens when the grain has arrived from another silo for so many times.</summary>
    public static Gate Arrived(string key, int moves) => Gate.Of($"{key} has moved {moves}");

    public void OnDehydrate(IDehydrationContext dehydrationContext) => dehydrationContext.TryAddValue("moves", _moves + 1);

    public void OnRehydrate(IRehydrationContext rehydrationContext)
    {
        _arrivals++;
        rehydrationContext.TryGetValue("moves", out _moves);
        Arrived(this.GetPrimaryKeyString(), _moves).Open();
    }

    public Task<MovingReport> GetAsync() => Task.FromResult(new MovingReport(silo.SiloAddress, _activation, "", _moves, _arrivals));

    public Task MoveAsync(SiloAddress silo)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
        this.MigrateOnIdle();
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync() => await Task.Delay(ClosingTime);
}
