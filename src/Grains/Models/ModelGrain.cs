using Orleans;
using OrleansInference.Grains.Placement;

namespace OrleansInference.Grains.Models;

/// <summary>Reads a model's profile once, on a silo that has a store.</summary>
[DevicePlacement]
internal sealed class ModelGrain(IModelCatalog catalog, TimeProvider time) : Grain, IModelGrain
{
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(9);

    private ModelProfile? _profile;

    public async Task<ModelProfile> GetProfileAsync()
    {
        if (_profile is not null)
            return _profile;
        using var timeout = new CancellationTokenSource(ReadTimeout, time);
        try
        {
            return _profile = await catalog.GetProfileAsync(this.GetPrimaryKeyString(), timeout.Token);
        }
        catch (ModelNotFoundException)
        {
            // The model may be imported later, or be in another silo's store.
            DeactivateOnIdle();
            throw;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // A store fails with exceptions of its own, which no grain call can carry.
            throw new ModelUnreadableException(exception.Message);
        }
    }
}
