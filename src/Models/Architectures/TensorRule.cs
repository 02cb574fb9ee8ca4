using System.Collections.Immutable;
using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.Architectures;

/// <summary>A tensor that an architecture has: its name (without the layer), its dimensions, and whether a model may lack it.</summary>
internal sealed record TensorRule(string Name, bool IsRequired, ImmutableArray<long> Dimensions)
{
    /// <summary>What is wrong with a tensor of this name; null when nothing is.</summary>
    public string? Refusal(TensorFacts tensor)
    {
        if (!tensor.Dimensions.SequenceEqual(Dimensions))
            return $"has dimensions {Text(tensor.Dimensions)}; the hyperparameters ask for {Text(Dimensions)}";
        if (Dimensions.Length == 1)
            return tensor.Type == GgmlType.F32 ? null : $"is {tensor.Type}; norms, biases and factors must be F32";

        return tensor.Type is GgmlType.I8 or GgmlType.I16 or GgmlType.I32 or GgmlType.I64 or GgmlType.F64 or GgmlType.Q8_1 or GgmlType.Q8_K
            ? $"is {tensor.Type}, which cannot hold weights"
            : null;
    }

    private static string Text(ImmutableArray<long> dimensions) => $"[{string.Join(", ", dimensions)}]";
}
