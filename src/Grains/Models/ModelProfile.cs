using System.Collections.Immutable;
using Orleans;

namespace OrleansInference.Grains.Models;

/// <summary>What planning needs to know of a model. Sizes in bytes.</summary>
/// <param name="LayerBytes">Weights of each layer.</param>
/// <param name="EmbeddingBytes">Token embeddings, needed by the first stage (mapped, rarely resident).</param>
/// <param name="HeadBytes">Output norm and head matrix, needed by the last stage; a tied head counts here too.</param>
/// <param name="KvBytesPerTokenPerLayer">K and V of one position in one layer.</param>
[GenerateSerializer, Immutable]
public sealed record ModelProfile(
    string Model, string Version, string Architecture, int LayerCount, int HiddenSize, int VocabularySize, int ContextLength,
    ImmutableArray<long> LayerBytes, long EmbeddingBytes, long HeadBytes, long KvBytesPerTokenPerLayer);
