using System.Runtime.InteropServices;
using OrleansInference.Models.Architectures;
using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.Store;

/// <summary>
/// What is in a slice. The tensor set must be exact, or the runtime refuses the file. The last slice's head is stored as the embedding
/// table, which the runtime uses as head when there is no other; the other slices have a head of one column that costs nothing.
/// </summary>
internal sealed class SliceRecipe(ModelStore store, ModelManifest manifest, int firstLayer, int endLayer)
{
    private const string TokenizerPrefix = "tokenizer.";

    private bool IsLast => endLayer == manifest.LayerCount;

    /// <exception cref="ModelFormatException">A blob is missing or does not fit the manifest, or the vocabulary is not
    /// supported.</exception>
    public GgufWriter Build()
    {
        var writer = new GgufWriter();
        using (var metadata = OpenMetadata())
        {
            // The import looked, but perhaps that of a version that did not know all that is looked for.
            if (IsLast)
                VocabularyCheck.Require(metadata.Metadata, manifest.Hyperparameters.VocabularySize);
            AddKeys(writer, metadata.Metadata);
        }
        AddTensors(writer);
        return writer;
    }

    private GgufFile OpenMetadata()
    {
        var path = store.RequirePath("metadata", manifest.Metadata);
        var file = GgufFile.Open(path);
        try
        {
            var architecture = file.Metadata.GetString(ModelDescription.ArchitectureKey);
            if (architecture != manifest.Architecture)
                throw file.Metadata.Fault(
                    ModelDescription.ArchitectureKey, $"is '{architecture}', in the manifest '{manifest.Architecture}'");

            var layers = file.Metadata.GetInteger(Key(LayerKeys.BlockCount));
            if (layers != manifest.LayerCount)
                throw file.Metadata.Fault(Key(LayerKeys.BlockCount), $"is {layers}, in the manifest {manifest.LayerCount}");
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void AddKeys(GgufWriter writer, GgufMetadata metadata)
    {
        var architecture = ModelArchitecture.Get(manifest.Architecture);
        var windowed = LayerKeys.ReadWindowPattern(metadata, architecture, manifest.LayerCount)?[firstLayer..endLayer];
        foreach (var key in metadata.Keys)
        {
            if (key.StartsWith(TokenizerPrefix, StringComparison.Ordinal) && !IsLast)
                continue;
            if (LayerKeys.IsOfWindow(architecture, key) && windowed is not null)
                continue;
            if (LayerKeys.IsPerLayer(architecture, key) && metadata.TypeOf(key) == GgufValueType.Array)
                writer.CopyArrayRange(metadata, key, firstLayer, endLayer);
            else
                writer.CopyKey(metadata, key);
        }

        writer.SetUInt32(Key(LayerKeys.BlockCount), (uint)(endLayer - firstLayer));
        if (metadata.FindInteger(Key(LayerKeys.LeadingDense)) is { } dense)
            writer.SetUInt32(Key(LayerKeys.LeadingDense), (uint)Math.Clamp(dense - firstLayer, 0, endLayer - firstLayer));
        AddWindow(writer, metadata, windowed ?? []);
        if (!IsLast)
        {
            writer.SetString("tokenizer.ggml.model", "no_vocab");
            writer.SetUInt32(Key("vocab_size"), 1);
        }
    }

    /// <summary>
    /// The runtime asserts that a model with a window has a windowed layer, so a slice of only full ones says that it has none.
    /// </summary>
    private void AddWindow(GgufWriter writer, GgufMetadata metadata, bool[] windowed)
    {
        if (!windowed.Contains(true))
            return;

        writer.CopyKey(metadata, Key(LayerKeys.Window));
        writer.SetBooleans(Key(LayerKeys.WindowPattern), windowed);
    }

    private void AddTensors(GgufWriter writer)
    {
        AddHead(writer);
        if (manifest.Shared is { } shared)
            AddBlob(writer, "shared", shared, name => name);
        for (var layer = firstLayer; layer < endLayer; layer++)
        {
            var shift = firstLayer;
            AddBlob(writer, $"layer {layer}", manifest.Layers[layer], name =>
                TensorNames.TryParseLayer(name, out var number, out var rest) ? TensorNames.OfLayer(number - shift, rest) : name);
        }
    }

    private void AddHead(GgufWriter writer)
    {
        if (IsLast)
        {
            if (manifest.IsTied)
                AddBlob(writer, "embedding", manifest.Embedding, name => name);
            AddBlob(writer, "tail", manifest.Tail, name => name == TensorNames.Output ? TensorNames.Embedding : name);
            return;
        }

        var hidden = manifest.Hyperparameters.HiddenSize;
        writer.AddTensor(TensorNames.Embedding, GgmlType.F32, [hidden, 1], Constant(0f, hidden));
        writer.AddTensor(TensorNames.OutputNorm, GgmlType.F32, [hidden], Constant(1f, hidden));
    }

    private void AddBlob(GgufWriter writer, string what, ModelBlob blob, Func<string, string> rename)
    {
        var path = store.RequirePath(what, blob);
        foreach (var tensor in blob.Tensors)
            writer.AddTensor(rename(tensor.Name), tensor.Type, tensor.Dimensions, GgufTensorContent.Copy(path, tensor.Offset));
    }

    private static GgufTensorContent Constant(float value, int count) => GgufTensorContent.Generate((stream, _) =>
    {
        var values = new float[count];
        Array.Fill(values, value);
        stream.Write(MemoryMarshal.AsBytes(values.AsSpan()));
    });

    private string Key(string name) => $"{manifest.Architecture}.{name}";
}
