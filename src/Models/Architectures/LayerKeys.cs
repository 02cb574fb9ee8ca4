using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.Architectures;

/// <summary>Metadata keys whose meaning depends on the layer, and which are therefore cut with the layers.</summary>
internal static class LayerKeys
{
    public const string BlockCount = "block_count";
    public const string LeadingDense = "leading_dense_block_count";
    public const string WindowPattern = "attention.sliding_window_pattern";
    public const string Window = "attention.sliding_window";

    /// <summary>Every sixth layer of Gemma 3 sees the whole context.</summary>
    private const int DefaultWindowPeriod = 6;

    private static readonly string[] PerLayer =
    [
        "attention.head_count", "attention.head_count_kv", "feed_forward_length", "expert_feed_forward_length", "expert_used_count",
        WindowPattern,
    ];

    public static bool IsPerLayer(ModelArchitecture architecture, string key) =>
        PerLayer.Any(name => key == $"{architecture.Name}.{name}");

    public static bool IsOfWindow(ModelArchitecture architecture, string key) =>
        key == $"{architecture.Name}.{Window}" || key == $"{architecture.Name}.{WindowPattern}";

    /// <summary>Which layers see only a window; null where the model has no windowed layers.</summary>
    public static bool[]? ReadWindowPattern(GgufMetadata metadata, ModelArchitecture architecture, int layerCount)
    {
        if (!architecture.HasSlidingWindow || metadata.FindInteger($"{architecture.Name}.{Window}") is not > 0)
            return null;

        var key = $"{architecture.Name}.{WindowPattern}";
        if (metadata.Contains(key) && metadata.TypeOf(key) == GgufValueType.Array)
        {
            var array = metadata.GetArray(key);
            return array.Count == layerCount
                ? [.. Enumerable.Range(0, layerCount).Select(layer => array.GetInteger(layer) != 0)]
                : throw metadata.Fault(key, $"has {array.Count} elements, but the model has {layerCount} layers");
        }

        var period = metadata.FindInteger(key) ?? DefaultWindowPeriod;
        if (period < 0)
            throw metadata.Fault(key, $"is {period}; a period is not negative");
        return [.. Enumerable.Range(0, layerCount).Select(layer => period == 0 || layer % period < period - 1)];
    }
}
