using Orleans;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using OrleansInference.Embedded.Migration;
using OrleansInference.Embedded.Scheduling;

namespace OrleansInference.Embedded.Activations;

internal sealed partial class Activation
{
    private Dictionary<string, object>? _migrationContext;

    /// <summary>What the grain has brought along from another silo, and which that is.</summary>
    public (SiloAddress From, MigrationContext Context)? Arrival { get; init; }

    private IEnumerable<IGrainMigrationParticipant> MigrationParticipants =>
        _states.Append(GrainInstance).OfType<IGrainMigrationParticipant>();

    public void Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default)
    {
        Interlocked.CompareExchange(ref _migrationContext, requestContext ?? [], null);
        Deactivate(new DeactivationReason(DeactivationReasonCode.Migrating, "Migrating to a new location."), cancellationToken);
    }

    /// <returns>The silo that has the grain now; null where it just ends.</returns>
    private async Task<SiloAddress?> MoveAsync()
    {
        if (_migrationContext is null)
            return null;
        var silo = await Host.Placement.PlaceAsync(GrainId, default, _migrationContext);
        if (silo.Equals(Host.Silo))
            return null;
        var context = new MigrationContext(Host, []);
        await _scheduler.RunAsync(() => Dehydrate(context));
        RequestContext.Current = new() { [IPlacementDirector.PlacementHintKey] = silo };
        await Host.References.GetGrain<IMigrationTargetGrain>(silo.ToParsableString()).TakeAsync(GrainId, Host.Silo, context.Values);
        await Host.Directory.HandOverAsync(GrainId, Host.Silo, silo);
        return silo;
    }

    private Task Dehydrate(MigrationContext context)
    {
        foreach (var participant in MigrationParticipants)
            participant.OnDehydrate(context);
        return Task.CompletedTask;
    }

    // As in Orleans: what cannot be taken from another silo is logged, and the grain starts without it.
    private void Rehydrate(MigrationContext context)
    {
        foreach (var participant in MigrationParticipants)
        {
            try
            {
                participant.OnRehydrate(context);
            }
            catch (Exception e)
            {
                Host.Logger.GrainFailed(e, "The migration", GrainId);
            }
        }
    }
}
