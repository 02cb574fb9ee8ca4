using System.Collections.Immutable;
using System.Security.Cryptography;
using OrleansInference.Models.Files;

namespace OrleansInference.Models.Store;

/// <summary>
/// Models on disk: content-addressed blobs under blobs/sha256, one manifest per model and version under models/NAME/VERSION/manifest.json.
/// Nothing is visible before it is complete, whatever happens to the process. Several processes may use one store.
/// </summary>
public sealed class ModelStore(string root)
{
    private const string ManifestName = "manifest.json";

    public string Root { get; } = Path.GetFullPath(root);

    private string ModelsFolder => Path.Combine(Root, "models");

    /// <summary>Cuts a GGUF model into blobs and writes its manifest. Importing the same again changes nothing and is quick.</summary>
    /// <exception cref="ModelFormatException">The file is broken, of another architecture, or lacks a tensor.</exception>
    /// <exception cref="ArgumentException">An option is not allowed.</exception>
    public Task<ModelManifest> ImportAsync(
        string ggufPath, ImportOptions options, IProgress<ImportProgress>? progress = null, CancellationToken cancellation = default) =>
        Task.Run(() => new ModelImporter(this, options, progress, cancellation).Import(ggufPath), cancellation);

    /// <summary>The models in the store, as name@version, in order.</summary>
    public ImmutableArray<string> List()
    {
        if (!Directory.Exists(ModelsFolder))
            return [];

        var ids = from name in SubfolderNames(ModelsFolder)
                  from version in SubfolderNames(Path.Combine(ModelsFolder, name))
                  where File.Exists(ManifestPath(name, version))
                  select $"{name}@{version}";
        return [.. ids.Order(StringComparer.Ordinal)];
    }

    /// <summary>Reads and checks a manifest, by name@version, or by name alone where the store has one version of it.</summary>
    /// <exception cref="ModelNotFoundException">The store has no such model; the message lists what it has.</exception>
    /// <exception cref="ModelFormatException">The manifest is broken.</exception>
    public ModelManifest Load(string model)
    {
        if (!ModelId.TryParse(model, out var name, out var version))
            throw new ModelNotFoundException($"'{model}' is no name or name@version of a model; allowed are {ModelId.Rule}.");

        var found = List().Where(id => version is null ? id.StartsWith(name + "@", StringComparison.Ordinal) : id == model).ToArray();
        if (found.Length == 0)
            throw new ModelNotFoundException($"The store {Root} has no model '{model}'. It has: {Describe(List())}.");
        if (found.Length > 1)
            throw new ModelNotFoundException($"The store {Root} has several versions of '{model}'; name one: {Describe(found)}.");

        version = found[0][(name.Length + 1)..];
        var path = ManifestPath(name, version);
        var manifest = ManifestFile.Read(path);
        if (manifest.Name != name || manifest.Version != version)
            throw new ModelFormatException($"the manifest is of {manifest.Id}, but lies where {name}@{version} belongs", path);
        return manifest;
    }

    /// <summary>
    /// Reads every blob of a model and names each that is missing or not what the manifest says; empty when all is well. After a fault the
    /// next import of the model makes all its blobs anew.
    /// </summary>
    public Task<ImmutableArray<BlobFault>> VerifyAsync(
        string model, IProgress<ImportProgress>? progress = null, CancellationToken cancellation = default) =>
        Task.Run(() => Verify(Load(model), progress, cancellation), cancellation);

    /// <summary>Where a blob lies, whether or not it is there.</summary>
    public string PathOf(ModelBlob blob) => Path.Combine(Root, "blobs", "sha256", blob.Sha256);

    /// <summary>Where a blob lies that must be there.</summary>
    /// <param name="what">What it is to the model, for the error.</param>
    /// <exception cref="ModelFormatException">The blob is missing or of another size than the manifest says.</exception>
    public string RequirePath(string what, ModelBlob blob)
    {
        var info = new FileInfo(PathOf(blob));
        if (!info.Exists)
            throw new ModelFormatException($"the blob of {what} is missing; import the model again", info.FullName);
        if (info.Length != blob.Bytes)
            throw new ModelFormatException(
                $"the blob of {what} has {info.Length} bytes instead of {blob.Bytes}; import the model again", info.FullName);
        return info.FullName;
    }

    /// <summary>The blob is there, with the right size; what is in it is not looked at.</summary>
    internal bool Has(ModelBlob blob) => new FileInfo(PathOf(blob)) is { Exists: true } info && info.Length == blob.Bytes;

    internal string ManifestPath(string name, string version) => Path.Combine(ModelsFolder, name, version, ManifestName);

    /// <summary>Where an import notes which file it was made from, so that the same import again has nothing to do.</summary>
    internal string ReceiptPath(string name, string version) => Path.Combine(ModelsFolder, name, version, "source.sha256");

    private ImmutableArray<BlobFault> Verify(ModelManifest manifest, IProgress<ImportProgress>? progress, CancellationToken cancellation)
    {
        var faults = ImmutableArray.CreateBuilder<BlobFault>();
        var total = manifest.NamedBlobs.Sum(named => named.Blob.Bytes);
        var done = 0L;
        foreach (var (what, blob) in manifest.NamedBlobs)
        {
            var before = done;
            if (Problem(blob, bytes => progress?.Report(new ImportProgress(what, before + bytes, total)), cancellation) is { } problem)
                faults.Add(new BlobFault(what, blob.Sha256, problem));
            done += blob.Bytes;
        }

        if (faults.Count > 0)
            File.Delete(ReceiptPath(manifest.Name, manifest.Version));
        return faults.ToImmutable();
    }

    private string? Problem(ModelBlob blob, Action<long> report, CancellationToken cancellation)
    {
        var info = new FileInfo(PathOf(blob));
        if (!info.Exists)
            return "is missing";
        if (info.Length != blob.Bytes)
            return $"has {info.Length} bytes instead of {blob.Bytes}";

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var read = 0L;
        FileRange.Copy(info.FullName, 0, blob.Bytes, piece =>
        {
            hash.AppendData(piece);
            report(read += piece.Length);
        }, cancellation);
        var actual = Convert.ToHexStringLower(hash.GetHashAndReset());
        return actual == blob.Sha256 ? null : $"is damaged: its SHA-256 is {actual}";
    }

    private static IEnumerable<string> SubfolderNames(string folder) =>
        Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path));

    private static string Describe(IReadOnlyCollection<string> models) => models.Count == 0 ? "none" : string.Join(", ", models);
}
