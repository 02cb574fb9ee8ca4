using OrleansInference.Models.Architectures;
using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.RandomModels;

/// <summary>
/// Adds the tensors of a shape to a file. Gains are chosen so that every layer changes its input about as much as the input itself,
/// attention is far from even, and logits spread over several units: then greedy text is diverse and small errors show.
/// </summary>
internal sealed class RandomTensors(GgufWriter writer, RandomModelShape shape, GgmlType type, ulong seed)
{
    private const float WeightGain = 2;
    private const float LogitSpread = 3;

    /// <summary>
    /// Normed queries and keys have scores of about 1, which is nearly an average over the context; this makes attention choose.
    /// </summary>
    private const float AttentionNormGain = 2;

    /// <summary>A tied table is small, or the head would mostly find the very token that went in.</summary>
    private const float TiedEmbeddingSpread = 0.1f;

    /// <summary>Evenly spread numbers of ±√3 have a variance of 1.</summary>
    private static readonly float UnitAmplitude = MathF.Sqrt(3);

    private ulong _tensorCount;

    public void AddAll()
    {
        AddEnds();
        if (shape.HasRopeFrequencies)
            Vector("rope_freqs.weight", shape.HeadLength / 2, centre: 4, amplitude: 3);
        if (shape.OriginalContextLength > 0)
        {
            Vector("rope_factors_long.weight", shape.HeadLength / 2, centre: 4, amplitude: 3);
            Vector("rope_factors_short.weight", shape.HeadLength / 2, centre: 1.5f, amplitude: 0.5f);
        }

        for (var layer = 0; layer < shape.LayerCount; layer++)
        {
            AddAttention(layer);
            AddFeedForward(layer);
        }
    }

    private void AddEnds()
    {
        var inputScale = ModelArchitecture.Get(shape.Architecture).EmbeddingScale(shape.HiddenSize);
        var spread = (shape.IsTied ? TiedEmbeddingSpread : 1) / inputScale;
        Matrix(TensorNames.Embedding, shape.HiddenSize, shape.VocabularySize, spread);

        var headSpread = LogitSpread / MathF.Sqrt(shape.HiddenSize);
        var normCentre = shape.IsTied ? headSpread / spread : 1;
        Vector(TensorNames.OutputNorm, shape.HiddenSize, normCentre, 0.3f * normCentre);
        if (!shape.IsTied)
            Matrix(TensorNames.Output, shape.HiddenSize, shape.VocabularySize, headSpread);
    }

    private void AddAttention(int layer)
    {
        var query = shape.HeadCount * shape.HeadLength;
        var key = shape.KeyValueHeadCount * shape.HeadLength;
        Norm(layer, "attn_norm", shape.HiddenSize);
        if (shape.Architecture == "phi3")
        {
            Weight(layer, "attn_qkv", shape.HiddenSize, query + 2 * key);
        }
        else
        {
            Weight(layer, "attn_q", shape.HiddenSize, query);
            Weight(layer, "attn_k", shape.HiddenSize, key);
            Weight(layer, "attn_v", shape.HiddenSize, key);
        }

        if (shape.Architecture == "qwen2")
        {
            Bias(layer, "attn_q", query);
            Bias(layer, "attn_k", key);
            Bias(layer, "attn_v", key);
        }

        if (shape.Architecture is "qwen3" or "qwen3moe" or "gemma3")
        {
            Norm(layer, "attn_q_norm", shape.HeadLength, AttentionNormGain);
            Norm(layer, "attn_k_norm", shape.HeadLength, AttentionNormGain);
        }

        Weight(layer, "attn_output", query, shape.HiddenSize);
        if (shape.Architecture == "gemma3")
        {
            Norm(layer, "post_attention_norm", shape.HiddenSize);
            Norm(layer, "post_ffw_norm", shape.HiddenSize);
        }
    }

    private void AddFeedForward(int layer)
    {
        var (hidden, width) = (shape.HiddenSize, shape.FeedForwardLength);
        Norm(layer, "ffn_norm", hidden);
        if (shape.ExpertCount > 0)
        {
            Matrix(TensorNames.OfLayer(layer, "ffn_gate_inp.weight"), hidden, shape.ExpertCount, Spread(hidden), GgmlType.F32);
            Experts(layer, "ffn_gate_exps", hidden, shape.ExpertFeedForwardLength);
            Experts(layer, "ffn_up_exps", hidden, shape.ExpertFeedForwardLength);
            Experts(layer, "ffn_down_exps", shape.ExpertFeedForwardLength, hidden);
        }
        else if (shape.Architecture == "phi3")
        {
            Weight(layer, "ffn_up", hidden, 2 * width);
            Weight(layer, "ffn_down", width, hidden);
        }
        else
        {
            Weight(layer, "ffn_gate", hidden, width);
            Weight(layer, "ffn_up", hidden, width);
            Weight(layer, "ffn_down", width, hidden);
        }
    }

    private static float Spread(int columns) => WeightGain / MathF.Sqrt(columns);

    private void Norm(int layer, string name, int count, float gain = 1) =>
        Vector(TensorNames.OfLayer(layer, name + ".weight"), count, gain, 0.3f * gain);

    private void Bias(int layer, string name, int count) =>
        Vector(TensorNames.OfLayer(layer, name + ".bias"), count, centre: 0, amplitude: 0.5f);

    private void Weight(int layer, string name, int columns, int rows) =>
        Matrix(TensorNames.OfLayer(layer, name + ".weight"), columns, rows, Spread(columns));

    private void Experts(int layer, string name, int columns, int rows) =>
        Add(TensorNames.OfLayer(layer, name + ".weight"), type, [columns, rows, shape.ExpertCount], Spread(columns));

    private void Matrix(string name, int columns, int rows, float spread, GgmlType? other = null) =>
        Add(name, other ?? type, [columns, rows], spread);

    private void Add(string name, GgmlType type, long[] dimensions, float spread)
    {
        var layout = GgmlLayout.Of(type);
        if (!layout.TryGetByteLength(dimensions, out var bytes))
        {
            throw new ArgumentException(
                $"{shape.Name} cannot be made in {type}: '{name}' has rows of {dimensions[0]}, no multiple of {layout.BlockElements}.",
                nameof(type));
        }

        var random = NextSource();
        writer.AddTensor(name, type, [.. dimensions], GgufTensorContent.Generate((stream, cancellation) =>
            RandomWeights.Write(stream, type, bytes, spread * UnitAmplitude, random, cancellation)));
    }

    private void Vector(string name, int count, float centre, float amplitude)
    {
        var random = NextSource();
        writer.AddTensor(name, GgmlType.F32, [count], GgufTensorContent.Generate((stream, _) =>
        {
            var values = new float[count];
            foreach (ref var value in values.AsSpan())
                value = centre + amplitude * random.NextSigned();
            stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
        }));
    }

    /// <summary>Each tensor has a stream of its own, so that it does not depend on the sizes of those before it.</summary>
    private RandomSource NextSource() => new(unchecked(seed * 0x1_0000_01B3 + _tensorCount++));
}
