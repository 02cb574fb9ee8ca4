using System.Collections.Immutable;

namespace OrleansInference.Models.RandomModels;

/// <summary>
/// Shape of a model with random weights: a public model's, or a tiny one of an architecture, with eight layers so that it cuts eight ways.
/// </summary>
public sealed record RandomModelShape
{
    public required string Name { get; init; }

    public required string Architecture { get; init; }

    public required int HiddenSize { get; init; }

    public required int LayerCount { get; init; }

    public required int HeadCount { get; init; }

    public required int KeyValueHeadCount { get; init; }

    public required int HeadLength { get; init; }

    public required int FeedForwardLength { get; init; }

    public required int VocabularySize { get; init; }

    /// <summary>The head is the embedding table.</summary>
    public bool IsTied { get; init; }

    public int ContextLength { get; init; } = 4096;

    public float RopeBase { get; init; } = 10_000;

    /// <summary>rope_freqs.weight is part of the model, as in Llama 3.</summary>
    public bool HasRopeFrequencies { get; init; }

    /// <summary>Positions before the context is long, where the model has short and long rope factors, as Phi-3; 0 for none.</summary>
    public int OriginalContextLength { get; init; }

    /// <summary>Positions that a windowed layer sees; 0 for no window.</summary>
    public int SlidingWindow { get; init; }

    public int ExpertCount { get; init; }

    /// <summary>Experts that one token goes through.</summary>
    public int ExpertsUsed { get; init; }

    public int ExpertFeedForwardLength { get; init; }

    /// <summary>All shapes by name.</summary>
    public static ImmutableArray<RandomModelShape> All { get; } = RandomModelShapes.All;

    /// <exception cref="ArgumentException">There is no such shape; the message lists those that are.</exception>
    public static RandomModelShape Get(string name) =>
        All.FirstOrDefault(shape => shape.Name == name) ?? throw new ArgumentException(
            $"There is no shape '{name}'; there are {string.Join(", ", All.Select(shape => shape.Name))}.", nameof(name));
}
