using System.Collections.Immutable;
using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.RandomModels;

/// <summary>Models with random weights and a real tokenizer, for tests and benches: their text means nothing, their speed and size are real.</summary>
public static class RandomModel
{
    /// <summary>Types that weights can be made in; norms and biases are always F32.</summary>
    public static ImmutableArray<GgmlType> Types { get; } = [GgmlType.F32, GgmlType.F16, GgmlType.Q8_0, GgmlType.Q4_0, GgmlType.Q4_K, GgmlType.Q6_K];

    /// <summary>Writes a GGUF file; the same shape, type and seed give the same bytes. The file appears when it is complete.</summary>
    /// <param name="progress">0 to 1.</param>
    /// <exception cref="ArgumentException">The type is not one of <see cref="Types"/>, or does not fit the shape's rows.</exception>
    public static void Write(
        RandomModelShape shape, GgmlType type, ulong seed, string path, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        throw new NotImplementedException();
}
