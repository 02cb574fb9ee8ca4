using System.Runtime.InteropServices;

namespace OrleansInference.ActorEngine.Tests.Embedded;

/// <summary>The lock that systemd-tmpfiles takes on a folder before it looks for what is old in there.</summary>
internal static partial class ExclusiveLock
{
    private const int ExclusiveWithoutWaiting = 2 | 4;

    public static bool CanBeHad(string folder)
    {
        var handle = open(folder, 0);
        handle.ShouldBeGreaterThanOrEqualTo(0);
        var isHad = flock(handle, ExclusiveWithoutWaiting) == 0;
        close(handle).ShouldBe(0);
        return isHad;
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock")]
    private static partial int flock(int file, int operation);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int close(int file);
}
