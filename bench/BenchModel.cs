using OrleansInference.Models.Gguf;
using OrleansInference.Models.RandomModels;
using OrleansInference.Models.Store;

namespace OrleansInference.Bench;

/// <summary>A model with random weights, as a file for the bare context and in a store for the silos.</summary>
internal sealed record BenchModel(string Path, ModelStore Store, ModelManifest Manifest)
{
    public const string Name = "bench";

    /// <summary>The tokens that end a completion, in every random model: end of text, and end of turn.</summary>
    public static IReadOnlyList<int> EndTokens { get; } = [2, 4];

    /// <summary>Bytes and control tokens come first in every random model; the words begin here.</summary>
    public const int FirstWord = 300;

    public static async Task<BenchModel> CreateAsync(BenchOptions options, string folder, CancellationToken cancellation)
    {
        var path = System.IO.Path.Combine(folder, $"{options.Shape}-{options.Type}.gguf");
        var (shape, type) = (RandomModelShape.Get(options.Shape), Enum.Parse<GgmlType>(options.Type));
        RandomModel.Write(shape, type, seed: 1, path, progress: null, cancellation);
        var store = new ModelStore(System.IO.Path.Combine(folder, "models"));
        return new(path, store, await store.ImportAsync(path, new ImportOptions { Name = Name }, progress: null, cancellation));
    }

    /// <summary>A prompt of words; no two are alike, so that nothing of one can be reused for another.</summary>
    public int[] NextPrompt(int tokens) =>
        [.. Enumerable.Range(0, tokens).Select(_ => Random.Shared.Next(FirstWord, Manifest.Hyperparameters.VocabularySize))];

    /// <summary>Silos that have room for the whole model only together, each for an even share of its layers.</summary>
    /// <param name="cells">Positions of all slots.</param>
    public IReadOnlyList<string> Silos(int count, int cells)
    {
        var share = (Manifest.LayerCount + count - 1) / count;
        // A layer more lets a stage without the head take it from the last one, where that does not make a silo superfluous.
        var layers = (count - 1) * (share + 1) < Manifest.LayerCount ? share + 1 : share;
        var perLayer = Manifest.LayerBytes.Max() + (Manifest.Hyperparameters.KvBytesPerTokenPerLayer * cells);
        // Any silo may come first and need the embeddings, or last and need the head.
        var memory = Manifest.EmbeddingBytes + Manifest.HeadBytes + (layers * perLayer);
        return [.. Enumerable.Range(1, count).Select(i => $"old-pc:name=bench-{i},threads=1,memory={memory}")];
    }
}
