using Orleans;

namespace OrleansInference.Grains.Models;

/// <summary>One model version. Key: the model in the store, as its deployment names it: name, or name@version.</summary>
[Alias("oinf.model")]
public interface IModelGrain : IGrainWithStringKey
{
    /// <exception cref="ModelNotFoundException">No device's store has the model.</exception>
    /// <exception cref="ModelUnreadableException">A store has the model, but cannot read it; the message says why.</exception>
    [ResponseTimeout("00:00:10")]
    Task<ModelProfile> GetProfileAsync();
}

/// <summary>The silo's model store, as far as grains need it.</summary>
public interface IModelCatalog
{
    /// <exception cref="ModelNotFoundException">The store does not have the model.</exception>
    Task<ModelProfile> GetProfileAsync(string model, CancellationToken cancellation);
}

[GenerateSerializer]
public sealed class ModelNotFoundException(string message) : Exception(message);

[GenerateSerializer]
public sealed class ModelUnreadableException(string message) : Exception(message);
