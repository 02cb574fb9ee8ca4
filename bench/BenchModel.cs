using OrleansInference.Models.Gguf;
using OrleansInference.Models.RandomModels;
using OrleansInference.Models.Store;

namespace OrleansInference.Bench;

/// <summary>A model with random weights, as a file for the bare context and in a store for the silos.</summary>
internal sealed record BenchModel(string Path, ModelStore Store, ModelManifest Manifest)
{
    public const string Name = "bench";

    /// <summary>The end token of every random model.</summary>
    public const string EndToken = "2";

    public static async Task<BenchModel> CreateAsync(BenchOptions options, string folder, CancellationToken cancellation)
    {
        var path = System.IO.Path.Combine(folder, $"{options.Shape}-{options.Type}.gguf");
        RandomModel.Write(RandomModelShape.Get(options.Shape), Enum.Parse<GgmlType>(options.Type), seed: 1, path, progress: null, cancellation);
        var store = new ModelStore(System.IO.Path.Combine(folder, "models"));
        return new(path, store, await store.ImportAsync(path, new ImportOptions { Name = Name }, progress: null, cancellation));
    }

    /// <summary>Silos that have room for the whole model only together, each for an even share of its layers.</summary>
    public IReadOnlyList<string> Silos(int count)
    {
        var layers = (Manifest.LayerCount + count - 1) / count;
        var perLayer = Manifest.LayerBytes.Max() + (Manifest.Hyperparameters.KvBytesPerTokenPerLayer * BenchOptions.ContextLength);
        // Half a layer to spare: enough for the planner's margin, not for one layer more.
        var memory = Manifest.EmbeddingBytes + Manifest.HeadBytes + (layers * perLayer) + (perLayer / 2);
        return [.. Enumerable.Range(1, count).Select(i => $"old-pc:name=bench-{i},threads=1,memory={memory}")];
    }
}
