using System.Collections.Immutable;

namespace OrleansInference.Models.Architectures;

/// <summary>What the program knows of an architecture that it can cut into slices. Any other one is refused by name.</summary>
public sealed class ModelArchitecture
{
    private readonly bool _scalesEmbedding;

    private ModelArchitecture(string name, bool scalesEmbedding = false, bool hasSlidingWindow = false)
    {
        Name = name;
        _scalesEmbedding = scalesEmbedding;
        HasSlidingWindow = hasSlidingWindow;
    }

    /// <summary>Value of general.architecture, and prefix of the architecture's keys.</summary>
    public string Name { get; }

    /// <summary>
    /// Layers alternate between windowed and full attention in a pattern that depends on the layer's number in the whole model.
    /// </summary>
    public bool HasSlidingWindow { get; }

    /// <summary>The architectures that can be served: llama also stands for Mistral and others of the same build.</summary>
    public static ImmutableArray<ModelArchitecture> Allowed { get; } =
    [
        new("llama"),
        new("qwen2"),
        new("qwen3"),
        new("qwen3moe"),
        new("gemma3", scalesEmbedding: true, hasSlidingWindow: true),
        new("phi3"),
    ];

    /// <exception cref="ModelFormatException">The architecture is not one of <see cref="Allowed"/>.</exception>
    public static ModelArchitecture Get(string name, string? file = null) =>
        Find(name) ?? throw new ModelFormatException(
            $"architecture '{name}' is not supported; supported are {string.Join(", ", Allowed.Select(architecture => architecture.Name))}",
            file, subject: "general.architecture");

    public static ModelArchitecture? Find(string name) => Allowed.FirstOrDefault(architecture => architecture.Name == name);

    /// <summary>What an embedding row is multiplied with before the first layer.</summary>
    public float EmbeddingScale(int hiddenSize) => _scalesEmbedding ? MathF.Sqrt(hiddenSize) : 1f;

    public override string ToString() => Name;
}
