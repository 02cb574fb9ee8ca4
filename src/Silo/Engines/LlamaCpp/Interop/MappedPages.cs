using System.Globalization;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>The resident pages of a mapped file.</summary>
internal static class MappedPages
{
    private const string MapsFile = "/proc/self/maps";

    /// <summary>
    /// Lets go of a file's pages; whatever is read again comes back from the system's cache. llama.cpp reads every weight once to lay it
    /// out for the processor in memory of its own, and would hold the slice twice.
    /// </summary>
    public static void Release(string path)
    {
        if (!File.Exists(MapsFile))
            return;
        // The file name alone: the path that was mapped may be spelt without the links in this one.
        var name = "/" + Path.GetFileName(path);
        foreach (var line in File.ReadLines(MapsFile).Where(line => line.EndsWith(name, StringComparison.Ordinal)).ToList())
        {
            var range = line[..line.IndexOf(' ', StringComparison.Ordinal)].Split('-');
            var (start, end) = (Address(range[0]), Address(range[1]));
            // Advice: where it is not taken, memory is what it was.
            _ = LibcNative.madvise((nint)start, (nuint)(end - start), LibcNative.MADV_DONTNEED);
        }
    }

    private static ulong Address(string text) => ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
