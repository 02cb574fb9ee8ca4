using System.Collections.Immutable;
using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.Architectures;

/// <summary>What a tensor must have right to be computed with.</summary>
internal readonly record struct TensorFacts(string Name, GgmlType Type, ImmutableArray<long> Dimensions);
