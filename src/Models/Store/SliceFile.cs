using OrleansInference.Models.Files;

namespace OrleansInference.Models.Store;

/// <summary>The file of a slice that somebody uses. Until this is disposed no process removes it to <see cref="SliceRoom">make room</see>.</summary>
public sealed class SliceFile : IDisposable
{
    private readonly FileStream _hold;

    private SliceFile(FileStream hold) => _hold = hold;

    public string Path => _hold.Name;

    public void Dispose() => _hold.Dispose();

    /// <summary>Null where there is no such file, or where it is just being removed.</summary>
    internal static SliceFile? TryHold(string path)
    {
        try
        {
            var hold = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            NoteUse(hold);
            return new SliceFile(hold);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (IOException fault) when (FileLock.IsHeldByAnother(fault))
        {
            return null;
        }
    }

    /// <summary>The system itself notes reads late or never. Slices that are only there to be read are used, too.</summary>
    private static void NoteUse(FileStream file)
    {
        try
        {
            File.SetLastAccessTimeUtc(file.SafeFileHandle, TimeProvider.System.GetUtcNow().UtcDateTime);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }
}
