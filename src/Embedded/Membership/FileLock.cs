using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OrleansInference.Embedded.Membership;

/// <summary>
/// Locks on files, by flock: the kernel gives them up the instant the process ends, however it ends, and they also hold
/// between silos of one process, because they belong to the open file and not to the process.
/// </summary>
internal static partial class FileLock
{
    private const int SharedWithoutWaiting = 1 | 4;
    private const int NoSuchFile = 2;

    private static readonly int CloseOnExecute = OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;
    private static readonly int WouldBlock = OperatingSystem.IsMacOS() ? 35 : 11;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(5);

    /// <summary>Makes a file, and holds its lock.</summary>
    public static FileStream Create(string path) => new(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);

    /// <summary>Whether somebody, in this process or another, holds the lock of a file. A file that is not there is not locked.</summary>
    public static bool IsHeld(string path)
    {
        // The framework says it with an exception, and every member that lives is asked for again and again.
        var file = open(path, CloseOnExecute);
        if (file < 0)
            return Marshal.GetLastPInvokeError() != NoSuchFile;
        // A shared lock, so that those who ask do not get into each other's way.
        var isHeld = flock(file, SharedWithoutWaiting) != 0 && Marshal.GetLastPInvokeError() == WouldBlock;
        _ = close(file);
        return isHeld;
    }

    /// <summary>Waits for the lock of a file that stays, and is never removed.</summary>
    /// <exception cref="TimeoutException">It was not to be had in time.</exception>
    public static async Task<FileStream> AcquireAsync(string path, TimeSpan limit, TimeProvider time, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
            {
                if (time.GetElapsedTime(start) > limit)
                    throw new TimeoutException($"Another process holds {path} for more than {limit}.", e);
            }
            await Task.Delay(RetryDelay, time, cancellation);
        }
    }

    /// <summary>Waits for a share in the lock of a folder: while anybody has one, nobody has the lock alone.</summary>
    /// <exception cref="TimeoutException">Somebody had it alone for too long.</exception>
    /// <exception cref="IOException">The folder cannot be locked.</exception>
    public static async Task<SafeFileHandle> ShareAsync(string folder, TimeSpan limit, TimeProvider time, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        var handle = new SafeFileHandle(open(folder, CloseOnExecute), ownsHandle: true);
        try
        {
            while (handle.IsInvalid || flock((int)handle.DangerousGetHandle(), SharedWithoutWaiting) != 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error != WouldBlock)
                    throw new IOException($"The folder {folder} cannot be locked: {Marshal.GetPInvokeErrorMessage(error)}.");
                if (time.GetElapsedTime(start) > limit)
                    throw new TimeoutException($"Another process holds {folder} for more than {limit}.");
                await Task.Delay(RetryDelay, time, cancellation);
            }
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int flock(int file, int operation);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int close(int file);
}
