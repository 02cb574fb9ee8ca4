using System.Runtime.InteropServices;

namespace OrleansInference.Embedded.Directory;

/// <summary>Names a file once more; unlike a move, it never replaces what has the name.</summary>
internal static partial class HardLink
{
    private const int FileExists = 17;

    /// <returns>False where there is a file of that name.</returns>
    public static bool TryCreate(string existing, string name)
    {
        if (link(existing, name) == 0)
            return true;
        return Marshal.GetLastPInvokeError() == FileExists
            ? false
            : throw new IOException($"{name} cannot be made: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string existing, string name);
}
