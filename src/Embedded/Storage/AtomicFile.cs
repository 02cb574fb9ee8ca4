namespace OrleansInference.Embedded.Storage;

/// <summary>Files that are there whole or not at all.</summary>
internal static class AtomicFile
{
    /// <summary>Replaces a file. Readers see the old content or the new; after a loss of power too.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var unnamed = WriteUnnamed(path, content);
        try
        {
            File.Move(unnamed, path, overwrite: true);
        }
        catch
        {
            File.Delete(unnamed);
            throw;
        }
    }

    /// <summary>Writes content next to where it is to be, under a name that nobody looks at.</summary>
    public static string WriteUnnamed(string path, ReadOnlySpan<byte> content)
    {
        var unnamed = $"{path}.{Guid.NewGuid():N}.new";
        using var stream = new FileStream(unnamed, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        stream.Write(content);
        stream.Flush(flushToDisk: true);
        return unnamed;
    }
}
