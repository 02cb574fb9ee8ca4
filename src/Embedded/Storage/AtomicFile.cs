using System.Runtime.InteropServices;

namespace OrleansInference.Embedded.Storage;

/// <summary>Files that are there whole or not at all: written under a name that nobody looks at, before they get their own.</summary>
internal static partial class AtomicFile
{
    private const int FileExists = 17;

    /// <summary>Replaces a file. Readers see the old content or the new; after a loss of power too.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content) =>
        Write(path, content, flushes: true, unnamed => File.Move(unnamed, path, overwrite: true));

    /// <summary>Makes a file, which a loss of power may undo.</summary>
    /// <returns>False, and nothing done, where there is one of the name: of several that try at once, one succeeds.</returns>
    public static bool TryCreate(string path, ReadOnlySpan<byte> content)
    {
        // A move would replace what has come to have the name a moment ago.
        var error = 0;
        Write(path, content, flushes: false, unnamed => error = link(unnamed, path) == 0 ? 0 : Marshal.GetLastPInvokeError());
        return error is 0 or FileExists
            ? error == 0
            : throw new IOException($"{path} cannot be made: {Marshal.GetPInvokeErrorMessage(error)}.");
    }

    private static void Write(string path, ReadOnlySpan<byte> content, bool flushes, Action<string> name)
    {
        var unnamed = $"{path}.{Guid.NewGuid():N}.new";
        try
        {
            using (var stream = new FileStream(unnamed, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                stream.Write(content);
                stream.Flush(flushes);
            }
            name(unnamed);
        }
        finally
        {
            File.Delete(unnamed);
        }
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string existing, string name);
}
