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
            try
            {
                return new FileLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
            }
            catch (IOException fault) when (fault.HResult == SharingViolation)
            {
                if (TimeProvider.System.GetElapsedTime(start) > Patience)
                    throw new IOException(
                        $"{path} has been locked by another process for more than {Patience.TotalMinutes} minutes.", fault);
            }

            cancellation.WaitHandle.WaitOne(RetryPeriod);
        }
    }

    public void Dispose() => _stream.Dispose();
}
