using System.Buffers;

namespace OrleansInference.Models.Files;

/// <summary>Streams a range of a file in large pieces.</summary>
internal static class FileRange
{
    public const int PieceBytes = 1024 * 1024;

    /// <summary>Hands every piece of the range to <paramref name="take"/>, in order.</summary>
    /// <exception cref="ModelFormatException">The file ends before the range does.</exception>
    public static void Copy(string path, long offset, long count, Action<ReadOnlySpan<byte>> take, CancellationToken cancellation)
    {
        using var handle = File.OpenHandle(path, options: FileOptions.SequentialScan);
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(PieceBytes, Math.Max(count, 1)));
        try
        {
            while (count > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                var read = RandomAccess.Read(handle, buffer.AsSpan(0, (int)Math.Min(buffer.Length, count)), offset);
                if (read == 0)
                    throw new ModelFormatException($"the file ends {count} bytes too early", path, offset);
                take(buffer.AsSpan(0, read));
                (offset, count) = (offset + read, count - read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
