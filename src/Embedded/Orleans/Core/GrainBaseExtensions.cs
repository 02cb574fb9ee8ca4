using Orleans.Runtime;
using OrleansInference.Embedded.Activations;

namespace Orleans;

public static class GrainBaseExtensions
{
    /// <summary>Ends the activation once the calls that run now have finished.</summary>
    public static void DeactivateOnIdle(this IGrainBase grain) => ContextOf(grain).Deactivate(
        new DeactivationReason(DeactivationReasonCode.ApplicationRequested, $"{nameof(DeactivateOnIdle)} was called."));

    /// <summary>Moves the grain, once the calls that run now have finished, to the silo that placement then chooses.</summary>
    public static void MigrateOnIdle(this IGrainBase grain) => ContextOf(grain).Migrate(RequestContext.Current);

    /// <summary>Calls back as a turn of the grain: first after the due time, then a period after the callback before has ended.</summary>
    public static IGrainTimer RegisterGrainTimer<TState>(
        this IGrainBase grain, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return ((Activation)ContextOf(grain)).RegisterTimer(cancellation => callback(state, cancellation), options);
    }

    public static IGrainTimer RegisterGrainTimer<TState>(
        this IGrainBase grain, Func<TState, Task> callback, TState state, GrainTimerCreationOptions options)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return ((Activation)ContextOf(grain)).RegisterTimer(_ => callback(state), options);
    }

    private static IGrainContext ContextOf(IGrainBase grain)
    {
        ArgumentNullException.ThrowIfNull(grain);
        return grain is Grain known ? known.RequireContext() : grain.GrainContext;
    }
}
