using System.Security.Cryptography;
using System.Text;
using OrleansInference.Models.Files;
using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.Store;

/// <summary>
/// Writes the GGUF file of one slice from a model's blobs. Every slice takes hidden rows in, also the first, whose embeddings the host
/// looks
/// up with <see cref="EmbeddingTable"/>; only the last holds vocabulary, output norm and head.
/// </summary>
public sealed class SliceAssembler(ModelStore store)
{
    /// <summary>Part of every slice's name: raise it when the recipe changes, so that no slice of the old one is used.</summary>
    private const int RecipeVersion = 1;

    /// <summary>The disk of a folder.</summary>
    internal Func<string, DiskSpace> SpaceOf { get; init; } = DiskSpace.Of;

    /// <summary>
    /// The file of layers [<paramref name="firstLayer"/>, <paramref name="endLayer"/>) in <paramref name="folder"/>, written unless a
    /// complete one is there. Other slices that nobody uses are removed where the disk lacks room for it.
    /// </summary>
    /// <param name="progress">0 to 1.</param>
    /// <returns>The file, to be disposed when the slice is no longer used.</returns>
    /// <exception cref="ModelFormatException">A blob is missing or does not fit the manifest, or the vocabulary, which the last slice
    /// holds, is not supported.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty or not inside the model.</exception>
    /// <exception cref="IOException">The disk is full, or the folder cannot be written.</exception>
    public SliceFile Assemble(
        ModelManifest manifest, int firstLayer, int endLayer, string folder, IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstLayer);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(endLayer, manifest.LayerCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(firstLayer, endLayer);

        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, FileName(manifest, firstLayer, endLayer));
        var writer = new SliceRecipe(store, manifest, firstLayer, endLayer).Build();
        var length = writer.ByteLength;
        if (TryTake(path, length) is not { } file)
        {
            using var exclusive = FileLock.Acquire(LockOf(path), cancellation);
            file = TryTake(path, length) ?? Write();
        }

        progress?.Report(1);
        return file;

        SliceFile Write()
        {
            // What is there is of no use, and takes room.
            File.Delete(path);
            File.Delete(path + AtomicFile.PartialSuffix);
            new SliceRoom(SpaceOf).Make(folder, length);
            var report = progress is null ? null : new ByteProgress(progress, length);
            AtomicFile.Write(path, stream => writer.WriteTo(stream, report, cancellation));
            return SliceFile.TryHold(path) ?? throw new IOException($"{path} was removed as soon as it was written.");
        }
    }

    /// <summary>The file that whoever writes or removes a slice's file locks meanwhile.</summary>
    internal static string LockOf(string path) => path + ".lock";

    /// <summary>The name of a slice's file: the same for the same content, whoever makes it.</summary>
    public static string FileName(ModelManifest manifest, int firstLayer, int endLayer) =>
        $"{manifest.Name}-{ContentHash(manifest)[..16]}-{firstLayer}-{endLayer}.gguf";

    /// <summary>SHA-256, in hex, of what a model's slices are made of: the same for the same content, whatever its name and version.</summary>
    public static string ContentHash(ModelManifest manifest)
    {
        var content = new StringBuilder().AppendLine($"{RecipeVersion}|{manifest.Architecture}|{manifest.LayerCount}");
        foreach (var (what, blob) in manifest.NamedBlobs)
            content.AppendLine($"{what}|{blob.Sha256}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content.ToString())));
    }

    private static SliceFile? TryTake(string path, long length)
    {
        if (SliceFile.TryHold(path) is not { } file)
            return null;
        if (IsComplete(path, length))
            return file;
        file.Dispose();
        return null;
    }

    private static bool IsComplete(string path, long length)
    {
        if (new FileInfo(path).Length != length)
            return false;

        try
        {
            GgufFile.Open(path).Dispose();
            return true;
        }
        catch (ModelFormatException)
        {
            return false;
        }
    }
}
