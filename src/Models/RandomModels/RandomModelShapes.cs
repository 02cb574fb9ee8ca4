using System.Collections.Immutable;

namespace OrleansInference.Models.RandomModels;

internal static class RandomModelShapes
{
    private static readonly RandomModelShape Tiny = new()
    {
        Name = "tiny-llama",
        Architecture = "llama",
        HiddenSize = 256,
        LayerCount = 8,
        HeadCount = 8,
        KeyValueHeadCount = 4,
        HeadLength = 32,
        FeedForwardLength = 768,
        VocabularySize = 512,
    };

    public static ImmutableArray<RandomModelShape> All { get; } =
    [
        new()
        {
            Name = "tinyllama-1.1b",
            Architecture = "llama",
            HiddenSize = 2048,
            LayerCount = 22,
            HeadCount = 32,
            KeyValueHeadCount = 4,
            HeadLength = 64,
            FeedForwardLength = 5632,
            VocabularySize = 32_000,
            ContextLength = 2048,
        },
        new()
        {
            Name = "qwen2.5-0.5b",
            Architecture = "qwen2",
            HiddenSize = 896,
            LayerCount = 24,
            HeadCount = 14,
            KeyValueHeadCount = 2,
            HeadLength = 64,
            FeedForwardLength = 4864,
            VocabularySize = 151_936,
            IsTied = true,
            ContextLength = 32_768,
            RopeBase = 1_000_000,
        },
        new()
        {
            Name = "llama3.2-1b",
            Architecture = "llama",
            HiddenSize = 2048,
            LayerCount = 16,
            HeadCount = 32,
            KeyValueHeadCount = 8,
            HeadLength = 64,
            FeedForwardLength = 8192,
            VocabularySize = 128_256,
            IsTied = true,
            ContextLength = 131_072,
            RopeBase = 500_000,
            HasRopeFrequencies = true,
        },
        Tiny,
        Tiny with { Name = "tiny-llama-tied", IsTied = true, HasRopeFrequencies = true },
        Tiny with { Name = "tiny-mistral", HeadCount = 16, KeyValueHeadCount = 4, RopeBase = 1_000_000, SlidingWindow = 1024 },
        Tiny with { Name = "tiny-qwen2", Architecture = "qwen2", IsTied = true },
        Tiny with { Name = "tiny-qwen3", Architecture = "qwen3", HeadLength = 64, IsTied = true },
        Tiny with
        {
            Name = "tiny-qwen3moe",
            Architecture = "qwen3moe",
            HeadLength = 64,
            ExpertCount = 8,
            ExpertsUsed = 2,
            ExpertFeedForwardLength = 256,
        },
        Tiny with { Name = "tiny-gemma3", Architecture = "gemma3", HeadLength = 64, SlidingWindow = 16, IsTied = true },
        Tiny with { Name = "tiny-phi3", Architecture = "phi3", OriginalContextLength = 1024 },
    ];
}
