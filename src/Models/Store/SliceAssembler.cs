namespace OrleansInference.Models.Store;

/// <summary>
/// Writes the GGUF file of one slice from a model's blobs. Every slice takes hidden rows in, also the first, whose embeddings the host looks
/// up with <see cref="EmbeddingTable"/>; only the last holds vocabulary, output norm and head.
/// </summary>
public sealed class SliceAssembler(ModelStore store)
{
    /// <summary>The file of layers [<paramref name="firstLayer"/>, <paramref name="endLayer"/>) in <paramref name="folder"/>, written unless a complete one is there.</summary>
    /// <returns>Path of the slice file.</returns>
    /// <exception cref="ModelFormatException">A blob is missing or does not fit the manifest.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty or not inside the model.</exception>
    public string Assemble(
        ModelManifest manifest, int firstLayer, int endLayer, string folder, IProgress<double>? progress = null,
        CancellationToken cancellation = default) => throw new NotImplementedException(store.Root);
}
