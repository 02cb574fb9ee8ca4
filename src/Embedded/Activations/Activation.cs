using Orleans;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Activations;

internal sealed class Activation : IGrainContext
{
    internal static Activation? Current => null;

    public GrainReference GrainReference => throw new NotImplementedException();

    public GrainId GrainId => throw new NotImplementedException();

    public object? GrainInstance => throw new NotImplementedException();

    public IServiceProvider ActivationServices => throw new NotImplementedException();

    public Task Deactivated => throw new NotImplementedException();

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    internal IGrainTimer RegisterTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options) =>
        throw new NotImplementedException();
}
