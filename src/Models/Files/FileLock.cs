namespace OrleansInference.Models.Files;

/// <summary>
/// An exclusive lock between processes. The kernel releases it when its owner dies; the file stays, so that all lock the same one.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromMilliseconds(20);

    /// <summary>What the framework says of a file that another holds: the system's own error number, but on Windows.</summary>
    private static readonly int SharingViolation =
        OperatingSystem.IsWindows() ? unchecked((int)0x80070020) : OperatingSystem.IsMacOS() ? 35 : 11;

    private readonly FileStream _stream;

    private FileLock(FileStream stream) => _stream = stream;

    /// <summary>Waits for the lock, at most as long as copying a very large model takes.</summary>
    /// <exception cref="IOException">Another process kept the lock too long, or the file cannot be opened, which is said at once.</exception>
    public static FileLock Acquire(string path, CancellationToken cancellation)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (TryAcquire(path) is { } acquired)
                return acquired;
            if (TimeProvider.System.GetElapsedTime(start) > Patience)
                throw new IOException($"{path} has been locked by another process for more than {Patience.TotalMinutes} minutes.");
            cancellation.WaitHandle.WaitOne(RetryPeriod);
        }
    }

    /// <summary>Null when another holds the file.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static FileLock? TryAcquire(string path)
    {
        try
        {
            return new FileLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        }
        catch (IOException fault) when (IsHeldByAnother(fault))
        {
            return null;
        }
    }

    /// <summary>Whether a file could not be opened because of how another has it open.</summary>
    public static bool IsHeldByAnother(IOException fault) => fault.HResult == SharingViolation;

    public void Dispose() => _stream.Dispose();
}
