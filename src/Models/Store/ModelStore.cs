using System.Collections.Immutable;

namespace OrleansInference.Models.Store;

/// <summary>
/// Models on disk: content-addressed blobs under blobs/sha256, one manifest per model and version under models/NAME/VERSION/manifest.json.
/// Nothing is visible before it is complete, whatever happens to the process. Several processes may use one store.
/// </summary>
public sealed class ModelStore(string root)
{
    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>Cuts a GGUF model into blobs and writes its manifest. Importing the same again changes nothing and is quick.</summary>
    /// <exception cref="ModelFormatException">The file is broken, of another architecture, or lacks a tensor.</exception>
    /// <exception cref="ArgumentException">An option is not allowed.</exception>
    public Task<ModelManifest> ImportAsync(
        string ggufPath, ImportOptions options, IProgress<ImportProgress>? progress = null, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <summary>The models in the store, as name@version, in order.</summary>
    public ImmutableArray<string> List() => throw new NotImplementedException();

    /// <summary>Reads and checks a manifest, by name@version, or by name alone where the store has one version of it.</summary>
    /// <exception cref="ModelNotFoundException">The store has no such model; the message lists what it has.</exception>
    /// <exception cref="ModelFormatException">The manifest is broken.</exception>
    public ModelManifest Load(string model) => throw new NotImplementedException();

    /// <summary>Reads every blob of a model and names each that is missing or not what the manifest says; empty when all is well.</summary>
    public Task<ImmutableArray<BlobFault>> VerifyAsync(
        string model, IProgress<ImportProgress>? progress = null, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Where a blob lies, whether or not it is there.</summary>
    public string PathOf(ModelBlob blob) => Path.Combine(Root, "blobs", "sha256", blob.Sha256);
}
