using OrleansInference.Models.Architectures;
using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.Store;

/// <summary>Which tensors of a model go into which blob, in the order of the file.</summary>
internal sealed class BlobPlan
{
    private BlobPlan(int layerCount) => Layers = [.. Enumerable.Range(0, layerCount).Select(_ => new List<GgufTensor>())];

    public List<GgufTensor> Embedding { get; } = [];

    public List<GgufTensor>[] Layers { get; }

    public List<GgufTensor> Tail { get; } = [];

    public List<GgufTensor> Shared { get; } = [];

    public static BlobPlan Of(IEnumerable<GgufTensor> tensors, int layerCount)
    {
        var plan = new BlobPlan(layerCount);
        foreach (var tensor in tensors)
        {
            var blob = TensorNames.TryParseLayer(tensor.Name, out var layer, out _) ? plan.Layers[layer]
                : tensor.Name == TensorNames.Embedding ? plan.Embedding
                : tensor.Name.StartsWith("output", StringComparison.Ordinal) ? plan.Tail
                : plan.Shared;
            blob.Add(tensor);
        }

        return plan;
    }
}
