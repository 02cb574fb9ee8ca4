using System.Runtime.InteropServices;

namespace OrleansInference.Embedded.Membership;

/// <summary>Who owns a file, which the framework does not tell.</summary>
internal static partial class FileOwner
{
    private const int CurrentFolder = -100;
    private const uint OwnerOnly = 0x8;

    public static uint Self => geteuid();

    /// <summary>The owner's user id; null on systems whose stat is not known here.</summary>
    public static unsafe uint? Of(string path)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        // struct statx is the same on every Linux: 256 bytes, stx_uid at 20.
        var buffer = stackalloc byte[256];
        if (statx(CurrentFolder, path, 0, OwnerOnly, buffer) != 0)
            throw new IOException($"The owner of {path} cannot be read: {Marshal.GetLastPInvokeErrorMessage()}.");
        return *(uint*)(buffer + 20);
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint geteuid();

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int folder, string path, int flags, uint mask, byte* result);
}
