using System.Text.Json;
using OrleansInference.Models.Architectures;
using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.Store;

/// <summary>Reads manifest files. A manifest may come from anywhere: nothing in it is believed before it is checked.</summary>
internal static class ManifestFile
{
    private const long MaximumBytes = 64 * 1024 * 1024;
    private const long MaximumBlobBytes = 1L << 46;

    public static byte[] Serialize(ModelManifest manifest) =>
        JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestJson.Default.ModelManifest);

    /// <exception cref="ModelFormatException">The manifest is broken; the message names the field.</exception>
    public static ModelManifest Read(string path)
    {
        var length = new FileInfo(path).Length;
        if (length > MaximumBytes)
            throw new ModelFormatException($"the manifest has {length} bytes; at most {MaximumBytes} are supported", path);

        try
        {
            var manifest = JsonSerializer.Deserialize(File.ReadAllBytes(path), ManifestJson.Default.ModelManifest)
                ?? throw new ModelFormatException("the manifest is null", path);
            Check(manifest, path);
            return manifest;
        }
        catch (JsonException fault)
        {
            throw new ModelFormatException($"the manifest is broken: {fault.Message}", path, inner: fault);
        }
    }

    private static void Check(ModelManifest manifest, string path)
    {
        if (manifest.SchemaVersion != ModelManifest.CurrentSchemaVersion)
            throw Fault("schemaVersion", $"is {manifest.SchemaVersion}; this program reads {ModelManifest.CurrentSchemaVersion}");
        if (!ModelId.IsPart(manifest.Name))
            throw Fault("name", $"allowed are {ModelId.Rule}");
        if (!ModelId.IsPart(manifest.Version))
            throw Fault("version", $"allowed are {ModelId.Rule}");
        if (manifest.Layers.IsDefault || manifest.Layers.Length != manifest.Hyperparameters.LayerCount)
            throw Fault("layers", $"there must be {manifest.Hyperparameters.LayerCount}, one blob per layer");

        var architecture = ModelArchitecture.Get(manifest.Architecture, path);
        manifest.Hyperparameters.Check(path);
        foreach (var (what, blob) in manifest.NamedBlobs)
            CheckBlob(what, blob, path);
        CheckPlaces(manifest, path);
        var tensors = manifest.NamedBlobs.SelectMany(named => named.Blob.Tensors)
            .Select(tensor => new TensorFacts(tensor.Name, tensor.Type, tensor.Dimensions));
        ArchitectureTensors.Check(architecture, manifest.Hyperparameters, [.. tensors], path);

        ModelFormatException Fault(string field, string message) => new(message, path, subject: field);
    }

    private static void CheckBlob(string what, ModelBlob blob, string path)
    {
        if (blob is null || blob.Sha256.Length != 64 || !blob.Sha256.All(char.IsAsciiHexDigitLower))
            throw new ModelFormatException("sha256 must be 64 lower-case hexadecimal digits", path, subject: what);
        if (blob.Bytes is <= 0 or > MaximumBlobBytes)
            throw new ModelFormatException($"{blob.Bytes} bytes are no size of a blob; 1 to {MaximumBlobBytes} are", path, subject: what);
        if (blob.Tensors.IsDefault)
            throw new ModelFormatException("the list of tensors is missing", path, subject: what);

        var end = 0L;
        foreach (var tensor in blob.Tensors)
        {
            if (tensor is null || tensor.Dimensions.IsDefault || tensor.Dimensions.Length > GgufLimits.DimensionCount
                || !GgmlLayout.IsKnown(tensor.Type)
                || !GgmlLayout.Of(tensor.Type).TryGetByteLength(tensor.Dimensions.AsSpan(), out var bytes))
                throw new ModelFormatException($"a tensor of {what} has no sound type and dimensions", path, subject: tensor?.Name);
            if (tensor.Bytes != bytes)
                throw new ModelFormatException(
                    $"has {tensor.Bytes} bytes in {what}; its dimensions make {bytes}", path, subject: tensor.Name);
            if (tensor.Offset < end || tensor.Offset % BlobWriter.Alignment != 0 || (Int128)tensor.Offset + bytes > blob.Bytes)
                throw new ModelFormatException(
                    $"offset {tensor.Offset} in {what} is not aligned, overlaps, or is outside the blob", path, subject: tensor.Name);
            end = tensor.Offset + bytes;
        }
    }

    /// <summary>Every tensor is in the blob where the parts of the program that read it look.</summary>
    private static void CheckPlaces(ModelManifest manifest, string path)
    {
        foreach (var (what, blob) in manifest.NamedBlobs)
        {
            foreach (var tensor in blob.Tensors)
            {
                if (PlaceOf(tensor.Name) is var place && place != what)
                    throw new ModelFormatException($"belongs to {place}, but is in {what}", path, subject: tensor.Name);
            }
        }
    }

    private static string PlaceOf(string tensor) =>
        TensorNames.TryParseLayer(tensor, out var layer, out _) ? $"layer {layer}"
        : tensor == TensorNames.Embedding ? "embedding"
        : tensor.StartsWith("output", StringComparison.Ordinal) ? "tail"
        : "shared";
}
