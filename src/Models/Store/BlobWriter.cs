using System.Security.Cryptography;
using OrleansInference.Models.Files;
using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.Store;

/// <summary>Writes blobs into a staging folder, hashing them on the way; what is staged becomes part of the store all at once.</summary>
internal sealed class BlobWriter(string stagingFolder, long totalBytes, IProgress<ImportProgress>? progress, CancellationToken cancellation)
{
    public const int Alignment = 32;

    private static readonly byte[] Padding = new byte[Alignment];
    private readonly List<ModelBlob> _staged = [];
    private long _doneBytes;

    /// <summary>Stages a blob of tensors, each at a multiple of <see cref="Alignment"/>.</summary>
    public ModelBlob StageTensors(string what, GgufFile source, IReadOnlyList<GgufTensor> tensors)
    {
        var placed = Place(tensors);
        return Stage(what, placed, write =>
        {
            var position = 0L;
            for (var index = 0; index < tensors.Count; index++)
            {
                var tensor = tensors[index];
                write(Padding.AsSpan(0, (int)(placed[index].Offset - position)));
                FileRange.Copy(source.PathOf(tensor), tensor.FileOffset, tensor.ByteLength, write, cancellation);
                position = placed[index].Offset + tensor.ByteLength;
            }
        });
    }

    /// <summary>Stages the metadata: every key but those about the file's own layout, as a GGUF file without tensors.</summary>
    public ModelBlob StageMetadata(GgufMetadata metadata)
    {
        var writer = new GgufWriter();
        foreach (var key in metadata.Keys)
        {
            if (key != GgufHeaderParser.AlignmentKey && !key.StartsWith(GgufSplit.KeyPrefix, StringComparison.Ordinal))
                writer.CopyKey(metadata, key);
        }

        var bytes = new MemoryStream();
        writer.WriteTo(bytes, cancellation: cancellation);
        return Stage("metadata", [], write => write(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)));
    }

    /// <summary>Moves everything staged into the store. From here on nothing is cancelled.</summary>
    public void Publish(ModelStore store)
    {
        foreach (var blob in _staged.DistinctBy(blob => blob.Sha256))
            File.Move(StagedPath(blob.Sha256), store.PathOf(blob), overwrite: true);
    }

    private ModelBlob Stage(string what, List<ModelTensor> tensors, Action<Action<ReadOnlySpan<byte>>> write)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var path = StagedPath("unnamed");
        long length;
        using (var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            write(piece =>
            {
                hash.AppendData(piece);
                stream.Write(piece);
                _doneBytes += piece.Length;
                progress?.Report(new ImportProgress(what, Math.Min(_doneBytes, totalBytes), totalBytes));
            });
            stream.Flush(flushToDisk: true);
            length = stream.Length;
        }

        var blob = new ModelBlob(Convert.ToHexStringLower(hash.GetHashAndReset()), length, [.. tensors]);
        File.Move(path, StagedPath(blob.Sha256), overwrite: true);
        _staged.Add(blob);
        return blob;
    }

    private static List<ModelTensor> Place(IReadOnlyList<GgufTensor> tensors)
    {
        var placed = new List<ModelTensor>(tensors.Count);
        var offset = 0L;
        foreach (var tensor in tensors)
        {
            offset = (offset + Alignment - 1) / Alignment * Alignment;
            placed.Add(new ModelTensor(tensor.Name, tensor.Type, tensor.Dimensions, offset, tensor.ByteLength));
            offset += tensor.ByteLength;
        }

        return placed;
    }

    private string StagedPath(string name) => Path.Combine(stagingFolder, name);
}
