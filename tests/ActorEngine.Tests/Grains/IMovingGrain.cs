using System.Collections.Concurrent;
using Orleans;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace OrleansInference.ActorEngine.Tests.Grains;

/// <summary>A grain that moves to where it is told, and takes along what it has in memory.</summary>
public interface IMovingGrain : IGrainWithStringKey
{
    Task<MovingReport> GetAsync();

    /// <summary>Sets what is in memory, and a state that is not written.</summary>
    Task SetAsync(string text);

    Task MoveAsync(SiloAddress silo);

    /// <summary>Asks to move, and stays in the call until the gate is open.</summary>
    Task MoveWhileWaitingAsync(SiloAddress silo, string gate);
}

/// <param name="Text">What is in memory.</param>
/// <param name="Unwritten">What is in the state that is not written.</param>
/// <param name="Arrivals">How often this activation was given what another one took along.</param>
[GenerateSerializer, Immutable]
public sealed record MovingReport(SiloAddress Silo, Guid Activation, string Text, int Unwritten, int Arrivals);

public sealed class MovingGrain(
    [PersistentState("moving", "memory")] IPersistentState<CounterState> state, ILocalSiloDetails silo)
    : Grain, IMovingGrain, IGrainMigrationParticipant
{
    /// <summary>Why activations ended, by key of the grain.</summary>
    public static readonly ConcurrentDictionary<string, DeactivationReasonCode> Ends = new();

    private readonly Guid _activation = Guid.NewGuid();
    private string _text = "";
    private int _arrivals;

    public void OnDehydrate(IDehydrationContext dehydrationContext) => dehydrationContext.TryAddValue("text", _text);

    public void OnRehydrate(IRehydrationContext rehydrationContext)
    {
        _arrivals++;
        if (rehydrationContext.TryGetValue("text", out string? text))
            _text = text;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Ends[this.GetPrimaryKeyString()] = reason.ReasonCode;
        return Task.CompletedTask;
    }

    public Task<MovingReport> GetAsync() =>
        Task.FromResult(new MovingReport(silo.SiloAddress, _activation, _text, state.State.Value, _arrivals));

    public Task SetAsync(string text)
    {
        _text = text;
        state.State.Value = text.Length;
        return Task.CompletedTask;
    }

    public Task MoveAsync(SiloAddress silo)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
        this.MigrateOnIdle();
        return Task.CompletedTask;
    }

    public async Task MoveWhileWaitingAsync(SiloAddress silo, string gate)
    {
        await MoveAsync(silo);
        await Gate.Of(gate).PassAsync();
    }
}
