using System.Collections.Immutable;
using OrleansInference.Models.Files;
using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.RandomModels;

/// <summary>
/// Models with random weights and a real tokenizer, for tests and benches: their text means nothing, their speed and size are real.
/// </summary>
public static class RandomModel
{
    /// <summary>Types that weights can be made in; norms and biases are always F32.</summary>
    public static ImmutableArray<GgmlType> Types { get; }
        = [GgmlType.F32, GgmlType.F16, GgmlType.Q8_0, GgmlType.Q4_0, GgmlType.Q4_K, GgmlType.Q6_K];

    /// <summary>Writes a GGUF file; the same shape, type and seed give the same bytes. The file appears when it is complete.</summary>
    /// <param name="progress">0 to 1.</param>
    /// <exception cref="ArgumentException">The type is not one of <see cref="Types"/>, or does not fit the shape's rows.</exception>
    public static void Write(
        RandomModelShape shape, GgmlType type, ulong seed, string path, IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        if (!Types.Contains(type))
            throw new ArgumentException($"Random models are not made in {type}, but in {string.Join(", ", Types)}.", nameof(type));

        var writer = new GgufWriter();
        AddKeys(writer, shape);
        RandomVocabulary.AddKeys(writer, shape.VocabularySize);
        new RandomTensors(writer, shape, type, seed).AddAll();

        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        var report = progress is null ? null : new ByteProgress(progress, writer.ByteLength);
        AtomicFile.Write(path, stream => writer.WriteTo(stream, report, cancellation));
    }

    private static void AddKeys(GgufWriter writer, RandomModelShape shape)
    {
        writer.SetString("general.architecture", shape.Architecture);
        // Not the shape's name: llama.cpp looks for names of families in it, and expects their special tokens then.
        writer.SetString("general.name", $"random weights, {shape.LayerCount} layers of {shape.HiddenSize}");
        writer.SetString("general.license", "MIT");
        Number("context_length", shape.ContextLength);
        Number("embedding_length", shape.HiddenSize);
        Number("block_count", shape.LayerCount);
        Number("feed_forward_length", shape.FeedForwardLength);
        Number("attention.head_count", shape.HeadCount);
        Number("attention.head_count_kv", shape.KeyValueHeadCount);
        Number("attention.key_length", shape.HeadLength);
        Number("attention.value_length", shape.HeadLength);
        Number("rope.dimension_count", shape.HeadLength);
        Number("vocab_size", shape.VocabularySize);
        writer.SetFloat(Key("attention.layer_norm_rms_epsilon"), 1e-5f);
        writer.SetFloat(Key("rope.freq_base"), shape.RopeBase);
        if (shape.SlidingWindow > 0)
            Number("attention.sliding_window", shape.SlidingWindow);
        if (shape.OriginalContextLength > 0)
            Number("rope.scaling.original_context_length", shape.OriginalContextLength);
        if (shape.ExpertCount > 0)
        {
            Number("expert_count", shape.ExpertCount);
            Number("expert_used_count", shape.ExpertsUsed);
            Number("expert_feed_forward_length", shape.ExpertFeedForwardLength);
        }

        string Key(string name) => $"{shape.Architecture}.{name}";

        void Number(string name, int value) => writer.SetUInt32(Key(name), (uint)value);
    }
}
