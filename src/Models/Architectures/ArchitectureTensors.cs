using System.Collections.Immutable;

namespace OrleansInference.Models.Architectures;

/// <summary>
/// The exact tensors of every supported architecture. The runtime refuses a model with one missing, one more, or one of another shape,
/// without a good word; this says which.
/// </summary>
internal static class ArchitectureTensors
{
    /// <exception cref="ModelFormatException">Names the first tensor that is missing, wrong or too many.</exception>
    public static void Check(
        ModelArchitecture architecture, ModelHyperparameters sizes, IReadOnlyCollection<TensorFacts> tensors, string file)
    {
        var byLayer = new Dictionary<string, TensorFacts>[sizes.LayerCount];
        for (var layer = 0; layer < byLayer.Length; layer++)
            byLayer[layer] = [];

        var shared = new Dictionary<string, TensorFacts>();
        foreach (var tensor in tensors)
        {
            var isOfLayer = TensorNames.TryParseLayer(tensor.Name, out var layer, out var rest);
            if (isOfLayer && layer >= sizes.LayerCount)
                throw new ModelFormatException(
                    $"is of layer {layer}, but the model has {sizes.LayerCount} layers", file, subject: tensor.Name);
            if (!(isOfLayer ? byLayer[layer].TryAdd(rest, tensor) : shared.TryAdd(tensor.Name, tensor)))
                throw new ModelFormatException("the tensor is there twice", file, subject: tensor.Name);
        }

        CheckSet(architecture, ModelRules(architecture.Name, sizes), shared, name => name, file);
        for (var layer = 0; layer < byLayer.Length; layer++)
        {
            var number = layer;
            var rules = LayerRules(architecture.Name, sizes, byLayer[layer].ContainsKey("attn_qkv.weight"));
            CheckSet(architecture, rules, byLayer[layer], name => TensorNames.OfLayer(number, name), file);
        }
    }

    private static void CheckSet(
        ModelArchitecture architecture, IEnumerable<TensorRule> rules, Dictionary<string, TensorFacts> tensors,
        Func<string, string> fullName, string file)
    {
        var known = new HashSet<string>();
        foreach (var rule in rules)
        {
            known.Add(rule.Name);
            if (tensors.TryGetValue(rule.Name, out var tensor))
            {
                if (rule.Refusal(tensor) is { } refusal)
                    throw new ModelFormatException(refusal, file, subject: tensor.Name);
            }
            else if (rule.IsRequired)
            {
                throw new ModelFormatException(
                    $"the tensor is missing; every {architecture} model has it", file, subject: fullName(rule.Name));
            }
        }

        foreach (var name in tensors.Keys)
        {
            if (!known.Contains(name))
                throw new ModelFormatException(
                    $"the tensor is not part of a {architecture} model that can be served", file, subject: fullName(name));
        }
    }

    private static IEnumerable<TensorRule> ModelRules(string architecture, ModelHyperparameters sizes)
    {
        yield return Required(TensorNames.Embedding, sizes.HiddenSize, sizes.VocabularySize);
        yield return Required(TensorNames.OutputNorm, sizes.HiddenSize);
        yield return Optional(TensorNames.Output, sizes.HiddenSize, sizes.VocabularySize);
        if (architecture == "qwen2")
            yield return Optional("output.bias", sizes.VocabularySize);
        if (architecture == "llama")
            yield return Optional("rope_freqs.weight", sizes.RopeDimensions / 2);
        if (architecture is "llama" or "phi3")
        {
            yield return Optional("rope_factors_long.weight", sizes.RopeDimensions / 2);
            yield return Optional("rope_factors_short.weight", sizes.RopeDimensions / 2);
        }
    }

    private static IEnumerable<TensorRule> LayerRules(string architecture, ModelHyperparameters sizes, bool hasFusedAttention)
    {
        TensorRule[] norms =
        [
            Required("attn_norm.weight", sizes.HiddenSize),
            Required("ffn_norm.weight", sizes.HiddenSize),
            .. ExtraNorms(architecture, sizes),
        ];
        var feedForward = sizes.ExpertCount > 0 ? ExpertRules(architecture, sizes) : DenseRules(architecture, sizes);
        return norms.Concat(AttentionRules(architecture, sizes, hasFusedAttention)).Concat(feedForward);
    }

    private static IEnumerable<TensorRule> ExtraNorms(string architecture, ModelHyperparameters sizes)
    {
        if (architecture is "qwen3" or "qwen3moe" or "gemma3")
        {
            yield return Required("attn_q_norm.weight", sizes.KeyLength);
            yield return Required("attn_k_norm.weight", sizes.KeyLength);
        }

        if (architecture == "gemma3")
        {
            yield return Required("post_attention_norm.weight", sizes.HiddenSize);
            yield return Required("post_ffw_norm.weight", sizes.HiddenSize);
        }
    }

    private static IEnumerable<TensorRule> AttentionRules(string architecture, ModelHyperparameters sizes, bool hasFusedAttention)
    {
        var query = sizes.HeadCount * sizes.KeyLength;
        var key = sizes.KeyValueHeadCount * sizes.KeyLength;
        var value = sizes.KeyValueHeadCount * sizes.ValueLength;
        TensorRule[] biases = [Optional("attn_q.bias", query), Optional("attn_k.bias", key), Optional("attn_v.bias", value)];
        TensorRule[] output = architecture == "llama" ? [Optional("attn_output.bias", sizes.HiddenSize)] : [];
        IEnumerable<TensorRule> weights = hasFusedAttention
            ? [.. Weight("attn_qkv", sizes.HiddenSize, query + key + value), Optional("attn_qkv.bias", query + key + value)]
            :
            [
                .. Weight("attn_q", sizes.HiddenSize, query), .. Weight("attn_k", sizes.HiddenSize, key),
                .. Weight("attn_v", sizes.HiddenSize, value),
            ];
        return [.. weights, .. biases, .. output, .. Weight("attn_output", query, sizes.HiddenSize)];
    }

    private static IEnumerable<TensorRule> DenseRules(string architecture, ModelHyperparameters sizes)
    {
        var (hidden, width) = (sizes.HiddenSize, sizes.FeedForwardLength);
        return architecture switch
        {
            "phi3" => [.. Weight("ffn_up", hidden, 2L * width), .. Weight("ffn_down", width, hidden)],
            "llama" =>
            [
                .. Gated(hidden, width), Optional("ffn_gate.bias", width), Optional("ffn_up.bias", width),
                Optional("ffn_down.bias", hidden),
            ],
            _ => Gated(hidden, width),
        };

        static IEnumerable<TensorRule> Gated(int hidden, int width) =>
            [.. Weight("ffn_gate", hidden, width), .. Weight("ffn_up", hidden, width), .. Weight("ffn_down", width, hidden)];
    }

    private static IEnumerable<TensorRule> ExpertRules(string architecture, ModelHyperparameters sizes)
    {
        var (hidden, width, count) = (sizes.HiddenSize, sizes.FeedForwardLength, sizes.ExpertCount);
        return
        [
            Required("ffn_gate_inp.weight", hidden, count),
            .. Experts("ffn_gate_exps", isRequired: architecture != "llama", hidden, width),
            .. Experts("ffn_up_exps", isRequired: true, hidden, width),
            .. Experts("ffn_down_exps", isRequired: true, width, hidden),
        ];

        IEnumerable<TensorRule> Experts(string name, bool isRequired, long rows, long columns) =>
        [
            new(name + ".weight", isRequired, [rows, columns, count]),
            Optional(name + ".scale", count),
            Optional(name + ".input_scale", count),
        ];
    }

    /// <summary>A weight, with the scales that some four-bit types keep beside it.</summary>
    private static IEnumerable<TensorRule> Weight(string name, long columns, long rows) =>
        [Required(name + ".weight", columns, rows), Optional(name + ".scale", 1), Optional(name + ".input_scale", 1)];

    private static TensorRule Required(string name, params ImmutableArray<long> dimensions) => new(name, true, dimensions);

    private static TensorRule Optional(string name, params ImmutableArray<long> dimensions) => new(name, false, dimensions);
}
