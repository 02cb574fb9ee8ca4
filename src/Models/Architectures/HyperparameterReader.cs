using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.Architectures;

/// <summary>
/// Reads the sizes of a model from its keys, and refuses what the runtime would stop the whole process for, or what a slice could not
/// compute exactly as the whole model does.
/// </summary>
internal sealed class HyperparameterReader
{
    private const int MaximumLayers = 512;
    private const int MaximumExperts = 1024;
    private const int MaximumSize = 1 << 24;

    /// <summary>
    /// Gemma 3 with this many layers or more is the 27B model, or could be cut into a slice that the runtime takes for it.
    /// </summary>
    private const int Gemma27BLayers = 62;

    private static readonly string[] RopeScalingTypes = ["none", "linear", "yarn", "longrope"];

    private readonly ModelArchitecture _architecture;
    private readonly GgufMetadata _metadata;
    private readonly int _layerCount;

    private HyperparameterReader(ModelArchitecture architecture, GgufMetadata metadata)
    {
        _architecture = architecture;
        _metadata = metadata;
        _layerCount = Integer("block_count", 1, MaximumLayers);
    }

    /// <param name="vocabularySize">Rows of the embedding table.</param>
    /// <exception cref="ModelFormatException">A key is missing, out of range, or asks for what is not supported.</exception>
    public static ModelHyperparameters Read(ModelArchitecture architecture, GgufMetadata metadata, int vocabularySize)
    {
        var reader = new HyperparameterReader(architecture, metadata);
        var sizes = reader.ReadSizes(vocabularySize);
        reader.CheckAttention(sizes);
        reader.CheckExperts(sizes);
        reader.CheckVariant();
        reader.CheckArrays();
        VocabularyCheck.Require(metadata, vocabularySize);
        return sizes;
    }

    private ModelHyperparameters ReadSizes(int vocabularySize)
    {
        var hidden = Integer("embedding_length", 1, MaximumSize);
        var heads = Uniform("attention.head_count", 1, MaximumSize);
        var keyLength = Integer("attention.key_length", 1, MaximumSize, hidden / heads);
        var experts = Integer("expert_count", 0, MaximumExperts, 0);
        return new ModelHyperparameters(
            _layerCount,
            hidden,
            heads,
            Uniform("attention.head_count_kv", 1, MaximumSize, heads),
            keyLength,
            Integer("attention.value_length", 1, MaximumSize, hidden / heads),
            Integer("context_length", 1, int.MaxValue),
            vocabularySize,
            ReadFeedForwardLength(experts),
            experts,
            Integer("rope.dimension_count", 2, MaximumSize, keyLength));
    }

    private int ReadFeedForwardLength(int experts)
    {
        if (_architecture.Name != "qwen3moe")
            return Uniform("feed_forward_length", 1, MaximumSize);
        return Uniform("expert_feed_forward_length", 0, MaximumSize, 0) is > 0 and var length
            ? length
            : Uniform("feed_forward_length", 1, MaximumSize) / Uniform("expert_used_count", 1, Math.Max(experts, 1));
    }

    private void CheckAttention(ModelHyperparameters sizes)
    {
        if (sizes.HeadCount % sizes.KeyValueHeadCount != 0)
            throw Fault("attention.head_count_kv", $"{sizes.KeyValueHeadCount} does not divide the {sizes.HeadCount} heads");
        if (sizes.KeyLength != sizes.ValueLength)
            throw Fault("attention.value_length", $"{sizes.ValueLength} differs from the key length {sizes.KeyLength}; they must be equal");
        if ((long)sizes.HeadCount * sizes.KeyLength > MaximumSize)
            throw Fault(
                "attention.head_count", $"{sizes.HeadCount} heads of {sizes.KeyLength} elements are more than {MaximumSize} elements");
        if (sizes.RopeDimensions > sizes.KeyLength || sizes.RopeDimensions % 2 != 0)
            throw Fault("rope.dimension_count", $"{sizes.RopeDimensions} is no even number up to the head length {sizes.KeyLength}");

        if (_architecture.Name is "llama" or "qwen2" or "qwen3" or "qwen3moe" && sizes.RopeDimensions != sizes.KeyLength)
            throw Fault(
                "rope.dimension_count", $"{sizes.RopeDimensions} must equal the head length {sizes.KeyLength} in {_architecture} models");
        if (_architecture.Name is "qwen2" or "phi3" && sizes.HeadCount * sizes.KeyLength != sizes.HiddenSize)
            throw Fault(
                "attention.head_count", $"{sizes.HeadCount} heads of {sizes.KeyLength} must make up the hidden size {sizes.HiddenSize}");
        if (_architecture.Name == "gemma3" && sizes.LayerCount >= Gemma27BLayers && sizes.HiddenSize / sizes.HeadCount != sizes.KeyLength)
        {
            throw Fault(
                "block_count",
                $"Gemma 3 27B ({Gemma27BLayers} layers) is not supported: "
                + "its attention scale depends on the layer count of the whole model, which a slice does not have");
        }
    }

    private void CheckExperts(ModelHyperparameters sizes)
    {
        var used = Uniform("expert_used_count", 0, MaximumExperts, 0);
        if (sizes.ExpertCount == 0 && _architecture.Name == "qwen3moe")
            throw Fault("expert_count", "is 0 in a model with experts");
        if (sizes.ExpertCount == 0 && used > 0)
            throw Fault("expert_used_count", $"is {used} in a model without experts");
        if (sizes.ExpertCount > 0 && _architecture.Name is not ("llama" or "qwen3moe"))
            throw Fault("expert_count", $"{_architecture} models with experts are not supported");
        if (sizes.ExpertCount > 0 && (used == 0 || used > sizes.ExpertCount))
            throw Fault("expert_used_count", $"{used} is not between 1 and the {sizes.ExpertCount} experts");
        if (Integer("expert_group_count", 0, MaximumExperts, 0) > 1)
            throw Fault("expert_group_count", "grouped experts are not supported");
    }

    private void CheckVariant()
    {
        if (_metadata.FindFloat(Key("attention.layer_norm_rms_epsilon")) is null)
            throw Fault("attention.layer_norm_rms_epsilon", "the metadata key is missing");
        if (Integer("nextn_predict_layers", 0, MaximumLayers, 0) > 0)
            throw Fault("nextn_predict_layers", "models with layers for multi-token prediction are not supported");
        if (_metadata.FindBoolean(Key("attention.causal")) is false)
            throw Fault("attention.causal", "models without causal attention do not generate text");
        if (_metadata.FindString(Key("rope.scaling.type")) is { } scaling && !RopeScalingTypes.Contains(scaling))
            throw Fault("rope.scaling.type", $"'{scaling}' is unknown; known are {string.Join(", ", RopeScalingTypes)}");
        if (_architecture.HasSlidingWindow)
            LayerKeys.ReadWindowPattern(_metadata, _architecture, _layerCount);
    }

    /// <summary>
    /// An array as long as the model that nobody knows might be one element a layer, or not: a slice could not be told what to do.
    /// </summary>
    private void CheckArrays()
    {
        var arrays = _metadata.Keys
            .Where(key => key.StartsWith(Key(""), StringComparison.Ordinal) && _metadata.TypeOf(key) == GgufValueType.Array);
        foreach (var key in arrays)
        {
            var count = _metadata.GetArray(key).Count;
            var isPerLayer = LayerKeys.IsPerLayer(_architecture, key);
            if (isPerLayer && count != _layerCount)
                throw _metadata.Fault(key, $"has {count} elements, but the model has {_layerCount} layers");
            if (!isPerLayer && count == _layerCount)
                throw _metadata.Fault(key, "is an array of one element per layer that is not known; the model cannot be cut into slices");
        }
    }

    /// <summary>A number, or an array of one number per layer, all the same: the runtime shapes every layer after the first.</summary>
    private int Uniform(string name, int least, int most, int? absent = null)
    {
        var key = Key(name);
        if (!_metadata.Contains(key) || _metadata.TypeOf(key) != GgufValueType.Array)
            return Integer(name, least, most, absent);

        var array = _metadata.GetArray(key);
        if (array.Count != _layerCount)
            throw Fault(name, $"has {array.Count} elements, but the model has {_layerCount} layers");

        var first = array.GetInteger(0);
        for (var layer = 1; layer < array.Count; layer++)
        {
            if (array.GetInteger(layer) is var other && other != first)
                throw Fault(name, $"is {first} in layer 0 and {other} in layer {layer}; layers of different sizes are not supported");
        }

        return InRange(name, first, least, most);
    }

    private int Integer(string name, int least, int most, int? absent = null)
    {
        var value = _metadata.FindInteger(Key(name));
        if (value is null && absent is { } instead)
            return instead;
        return InRange(name, value ?? _metadata.GetInteger(Key(name)), least, most);
    }

    private int InRange(string name, long value, int least, int most) =>
        value >= least && value <= most ? (int)value : throw Fault(name, $"is {value}; {least} to {most} are supported");

    private string Key(string name) => $"{_architecture.Name}.{name}";

    private ModelFormatException Fault(string name, string message) => _metadata.Fault(Key(name), message);
}
