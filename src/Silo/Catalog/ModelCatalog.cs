using OrleansInference.Grains.Models;
using OrleansInference.Models.Store;
using ModelNotFoundException = OrleansInference.Grains.Models.ModelNotFoundException;

namespace OrleansInference.Silo.Catalog;

/// <summary>The silo's model store, as planning sees it.</summary>
internal sealed class ModelCatalog(ModelStore store) : IModelCatalog
{
    /// <summary>Reads the manifest away from the caller, a grain in its turn.</summary>
    public Task<ModelProfile> GetProfileAsync(string model, CancellationToken cancellation) =>
        Task.Run(() => ReadProfile(model), cancellation);

    private ModelProfile ReadProfile(string model)
    {
        try
        {
            var manifest = store.Load(model);
            var sizes = manifest.Hyperparameters;
            return new ModelProfile(
                model, manifest.Version, manifest.Architecture, manifest.LayerCount, sizes.HiddenSize, sizes.VocabularySize,
                sizes.ContextLength, manifest.LayerBytes, manifest.EmbeddingBytes, manifest.HeadBytes, sizes.KvBytesPerTokenPerLayer);
        }
        catch (OrleansInference.Models.Store.ModelNotFoundException exception)
        {
            throw new ModelNotFoundException(exception.Message);
        }
    }
}
