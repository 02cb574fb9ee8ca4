using System.Security.Cryptography;
using System.Text;
using OrleansInference.Models.Architectures;
using OrleansInference.Models.Files;
using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.Store;

/// <summary>
/// One import into a store. The store's lock is held while it writes, so that one staging folder is enough and no remains pile up.
/// </summary>
internal sealed class ModelImporter(
    ModelStore store, ImportOptions options, IProgress<ImportProgress>? progress, CancellationToken cancellation)
{
    private readonly string _stagingFolder = Path.Combine(store.Root, "staging");

    public ModelManifest Import(string ggufPath)
    {
        ModelId.CheckPart(options.Name, nameof(options.Name));
        ModelId.CheckPart(options.Version, nameof(options.Version));
        using var file = GgufFile.Open(ggufPath);
        var description = ModelDescription.Read(file);

        Directory.CreateDirectory(store.Root);
        using var exclusive = FileLock.Acquire(Path.Combine(store.Root, ".lock"), cancellation);
        var source = Fingerprint(file);
        if (FindImported(source) is { } imported)
            return imported;

        DeleteStaging();
        try
        {
            Directory.CreateDirectory(_stagingFolder);
            var writer = new BlobWriter(_stagingFolder, file.ByteLength, progress, cancellation);
            var manifest = Stage(file, description, writer);
            cancellation.ThrowIfCancellationRequested();
            Publish(manifest, writer, source);
            progress?.Report(new ImportProgress("manifest", file.ByteLength, file.ByteLength));
            return manifest;
        }
        finally
        {
            DeleteStaging();
        }
    }

    private ModelManifest Stage(GgufFile file, ModelDescription description, BlobWriter writer)
    {
        var sizes = description.Hyperparameters;
        var plan = BlobPlan.Of(file.Tensors, sizes.LayerCount);
        var metadata = writer.StageMetadata(file.Metadata);
        var embedding = writer.StageTensors("embedding", file, plan.Embedding);
        var layers = plan.Layers.Select((tensors, layer) => writer.StageTensors($"layer {layer}", file, tensors)).ToArray();
        var tail = writer.StageTensors("tail", file, plan.Tail);
        var shared = plan.Shared.Count == 0 ? null : writer.StageTensors("shared", file, plan.Shared);
        return new ModelManifest(
            ModelManifest.CurrentSchemaVersion, options.Name, options.Version, description.Architecture.Name, sizes,
            options.Licence ?? file.Metadata.FindString("general.license"),
            options.Provenance ?? file.Metadata.FindString("general.source.url") ?? file.Metadata.FindString("general.url"),
            metadata, embedding, [.. layers], tail, shared);
    }

    private void Publish(ModelManifest manifest, BlobWriter writer, string source)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(store.PathOf(manifest.Tail))!);
        writer.Publish(store);
        var path = store.ManifestPath(options.Name, options.Version);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.Write(path, stream => stream.Write(ManifestFile.Serialize(manifest)));
        AtomicFile.Write(store.ReceiptPath(options.Name, options.Version), stream => stream.Write(Encoding.ASCII.GetBytes(source)));
    }

    /// <summary>The manifest of an earlier import of the same file with the same options, if all its blobs are still there.</summary>
    private ModelManifest? FindImported(string source)
    {
        var receipt = store.ReceiptPath(options.Name, options.Version);
        if (!File.Exists(receipt) || File.ReadAllText(receipt) != source)
            return null;

        try
        {
            var manifest = store.Load($"{options.Name}@{options.Version}");
            return manifest.Blobs.All(store.Has) ? manifest : null;
        }
        catch (Exception fault) when (fault is ModelFormatException or ModelNotFoundException)
        {
            return null;
        }
    }

    /// <summary>
    /// What tells one import from another without reading gigabytes: the files' names, lengths and times, and the options.
    /// </summary>
    private string Fingerprint(GgufFile file)
    {
        var facts = new StringBuilder().AppendLine($"{ModelManifest.CurrentSchemaVersion}|{options}");
        foreach (var info in file.Parts.Select(part => new FileInfo(part)))
            facts.AppendLine($"{info.FullName}|{info.Length}|{info.LastWriteTimeUtc.Ticks}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(facts.ToString())));
    }

    private void DeleteStaging()
    {
        if (Directory.Exists(_stagingFolder))
            Directory.Delete(_stagingFolder, recursive: true);
    }
}
