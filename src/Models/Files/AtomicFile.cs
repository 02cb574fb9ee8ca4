namespace OrleansInference.Models.Files;

/// <summary>Writes files that are there in full or not at all.</summary>
internal static class AtomicFile
{
    /// <summary>What a killed process leaves has this behind its name.</summary>
    public const string PartialSuffix = ".partial";

    /// <summary>
    /// Writes beside the target and moves into place. One writer per path at a time: callers hold a <see cref="FileLock"/>.
    /// </summary>
    public static void Write(string path, Action<FileStream> write)
    {
        var partial = path + PartialSuffix;
        try
        {
            using (var stream = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }
}
