using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using OrleansInference.Embedded.Activations;

namespace Orleans;

/// <summary>The base of grain classes. Outside of a silo (a plain unit test) it has no context, and what needs one throws.</summary>
public abstract class Grain : IGrainBase, IAddressable
{
    protected Grain() => GrainContext = Activation.Current!;

    public IGrainContext GrainContext { get; }

    public GrainReference GrainReference => RequireContext().GrainReference;

    protected IGrainFactory GrainFactory => field ??= ServiceProvider.GetRequiredService<IGrainFactory>();

    protected internal IServiceProvider ServiceProvider => RequireContext().ActivationServices;

    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends this activation once the calls that run now have finished.</summary>
    protected void DeactivateOnIdle() => GrainBaseExtensions.DeactivateOnIdle(this);

    /// <summary>Moves the grain, once the calls that run now have finished, to the silo that placement then chooses.</summary>
    protected void MigrateOnIdle() => GrainBaseExtensions.MigrateOnIdle(this);

    internal IGrainContext RequireContext() =>
        GrainContext ?? throw new InvalidOperationException($"{GetType()} was created outside of a silo, so it has no grain context.");
}
