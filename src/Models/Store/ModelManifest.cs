using System.Collections.Immutable;
using System.Text.Json.Serialization;
using OrleansInference.Models.Architectures;

namespace OrleansInference.Models.Store;

/// <summary>What a model in the store is made of. One that <see cref="ModelStore.Load"/> gave out has been checked in full.</summary>
/// <param name="Metadata">All metadata keys as a GGUF file without tensors; llama.cpp loads it as the tokenizer (vocab_only).</param>
/// <param name="Embedding">token_embd.weight.</param>
/// <param name="Layers">One blob per layer.</param>
/// <param name="Tail">The output norm and, where it is not the embedding table, the head.</param>
/// <param name="Shared">Tensors that every slice needs, such as rope factors; null where the model has none.</param>
public sealed record ModelManifest(
    int SchemaVersion, string Name, string Version, string Architecture, ModelHyperparameters Hyperparameters, string? Licence,
    string? Provenance, ModelBlob Metadata, ModelBlob Embedding, ImmutableArray<ModelBlob> Layers, ModelBlob Tail, ModelBlob? Shared)
{
    public const int CurrentSchemaVersion = 1;

    /// <summary>name@version, which <see cref="ModelStore.Load"/> takes.</summary>
    [JsonIgnore]
    public string Id => $"{Name}@{Version}";

    [JsonIgnore]
    public int LayerCount => Layers.Length;

    /// <summary>What an embedding row is multiplied with before the first layer.</summary>
    [JsonIgnore]
    public float EmbeddingScale => ModelArchitecture.Get(Architecture).EmbeddingScale(Hyperparameters.HiddenSize);

    /// <summary>The head is the embedding table.</summary>
    [JsonIgnore]
    public bool IsTied => Tail.Find(TensorNames.Output) is null;

    /// <summary>Weights of each layer.</summary>
    [JsonIgnore]
    public ImmutableArray<long> LayerBytes => [.. Layers.Select(layer => layer.Bytes)];

    [JsonIgnore]
    public long EmbeddingBytes => Embedding.Bytes;

    /// <summary>What the last stage holds beside its layers: output norm and head; a tied head counts here too.</summary>
    [JsonIgnore]
    public long HeadBytes => Tail.Bytes + (IsTied ? Embedding.Bytes : 0);

    /// <summary>Every blob of the model, each once.</summary>
    [JsonIgnore]
    public IEnumerable<ModelBlob> Blobs => NamedBlobs.Select(blob => blob.Blob).DistinctBy(blob => blob.Sha256);

    /// <summary>Every blob with what it is to the model: "metadata", "embedding", "layer 3", "tail", "shared".</summary>
    [JsonIgnore]
    public IEnumerable<(string What, ModelBlob Blob)> NamedBlobs
    {
        get
        {
            yield return ("metadata", Metadata);
            yield return ("embedding", Embedding);
            for (var layer = 0; layer < Layers.Length; layer++)
                yield return ($"layer {layer}", Layers[layer]);
            yield return ("tail", Tail);
            if (Shared is not null)
                yield return ("shared", Shared);
        }
    }
}
