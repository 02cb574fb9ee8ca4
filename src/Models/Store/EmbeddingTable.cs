using OrleansInference.Models.Architectures;
using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.Store;

/// <summary>
/// The token embeddings of a model, mapped: rows as stored, for the engine to dequantize and to multiply with <see cref="Scale"/>.
/// </summary>
public sealed class EmbeddingTable : IDisposable
{
    private readonly MappedFile _mapping;

    private EmbeddingTable(MappedFile mapping, ModelTensor tensor, float scale)
    {
        _mapping = mapping;
        Offset = tensor.Offset;
        Type = tensor.Type;
        ColumnCount = (int)tensor.Dimensions[0];
        RowCount = (int)tensor.Dimensions[1];
        RowBytes = (int)GgmlLayout.Of(tensor.Type).RowBytes(tensor.Dimensions[0]);
        Scale = scale;
    }

    public string BlobPath => _mapping.Path;

    /// <summary>Byte offset of row 0 in the blob.</summary>
    public long Offset { get; }

    public GgmlType Type { get; }

    /// <summary>Tokens of the vocabulary.</summary>
    public int RowCount { get; }

    /// <summary>Hidden size.</summary>
    public int ColumnCount { get; }

    public int RowBytes { get; }

    /// <summary>What a row is multiplied with before the first layer.</summary>
    public float Scale { get; }

    /// <exception cref="ModelFormatException">The blob is missing or of another size than the manifest says.</exception>
    public static EmbeddingTable Open(ModelStore store, ModelManifest manifest)
    {
        var tensor = manifest.Embedding.Find(TensorNames.Embedding)
            ?? throw new ModelFormatException("the manifest's embedding blob lacks the tensor", subject: TensorNames.Embedding);
        return new EmbeddingTable(MappedFile.Open(store.RequirePath("embedding", manifest.Embedding)), tensor, manifest.EmbeddingScale);
    }

    /// <summary>The stored row of a token; valid until the table is disposed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The vocabulary has no such token.</exception>
    public ReadOnlySpan<byte> Row(int token)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(token);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, RowCount);
        return _mapping.Span(Offset + (long)token * RowBytes, RowBytes);
    }

    public void Dispose() => _mapping.Dispose();
}
