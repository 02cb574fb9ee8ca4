using Orleans;
using Orleans.Runtime;
using OrleansInference.Embedded.Migration;

namespace OrleansInference.Embedded.Activations;

internal sealed partial class Activation
{
    private static readonly TimeSpan HandOverDelay = TimeSpan.FromMilliseconds(5);

    private bool _isMigrating;
    private Dictionary<string, object>? _migrationContext;

    /// <summary>What the grain has brought along from another silo, and which that is.</summary>
    public (SiloAddress From, MigrationContext Context)? Arrival { get; init; }

    public void Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (!_isMigrating)
                (_isMigrating, _migrationContext) = (true, requestContext);
        }
        Deactivate(new DeactivationReason(DeactivationReasonCode.Migrating, "Migrating to a new location."), cancellationToken);
    }

    /// <returns>The silo that has the grain now; null where it just ends.</returns>
    private async Task<SiloAddress?> TryMoveAsync()
    {
        if (!_isMigrating)
            return null;
        try
        {
            if (await _host.Migration.ChooseSiloAsync(GrainId, _migrationContext) is not { } silo)
                return null;
            var context = _host.Migration.NewContext();
            await _scheduler.RunAsync(() => Dehydrate(context));
            await _host.Migration.SendAsync(GrainId, silo, context);
            await _host.HandOverAsync(this, silo);
            return silo;
        }
        catch (Exception e)
        {
            _host.Logger.MigrationFailed(e, GrainId);
            return null;
        }
    }

    private Task Dehydrate(MigrationContext context)
    {
        foreach (var state in _states)
            state.Dehydrate(context);
        (GrainInstance as IGrainMigrationParticipant)?.OnDehydrate(context);
        return Task.CompletedTask;
    }

    private void Rehydrate(MigrationContext context)
    {
        try
        {
            foreach (var state in _states)
                state.Rehydrate(context);
            (GrainInstance as IGrainMigrationParticipant)?.OnRehydrate(context);
        }
        catch (Exception e)
        {
            _host.Logger.MigrationFailed(e, GrainId);
        }
    }

    // A grain that arrives is still its old silo's for a moment.
    private async Task<SiloAddress> RegisterAsync()
    {
        var limit = _host.Time.GetTimestamp() + (long)(_host.Collection.ActivationTimeout.TotalSeconds * _host.Time.TimestampFrequency);
        var owner = await _host.RegisterAsync(this);
        while (owner.Equals(Arrival?.From) && _host.Time.GetTimestamp() < limit)
        {
            await Task.Delay(HandOverDelay, _host.Time);
            owner = await _host.RegisterAsync(this);
        }
        return owner;
    }
}
