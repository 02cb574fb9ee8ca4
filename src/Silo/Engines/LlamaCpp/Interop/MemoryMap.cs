using System.Globalization;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>What this process has mapped, as Linux tells it; empty on other systems.</summary>
internal static class MemoryMap
{
    private const string File = "/proc/self/maps";

    // Address range, permissions, offset, device, inode; the name may be missing.
    private const int NameField = 5;

    public static IReadOnlyList<MappedRange> Read() =>
        System.IO.File.Exists(File) ? [.. System.IO.File.ReadLines(File).Select(Parse)] : [];

    private static MappedRange Parse(string line)
    {
        var fields = line.Split(' ', NameField + 1, StringSplitOptions.RemoveEmptyEntries);
        var range = fields[0].Split('-');
        return new MappedRange(Address(range[0]), Address(range[1]), fields[1], fields.Length > NameField ? fields[NameField] : "");
    }

    private static ulong Address(string text) => ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}

/// <param name="Permissions">As in "rw-p".</param>
/// <param name="Name">A file's path, or what the kernel calls it; empty for memory that was asked for without a file.</param>
internal readonly record struct MappedRange(ulong Start, ulong End, string Permissions, string Name)
{
    public ulong Bytes => End - Start;

    /// <summary>Advice: where it is not taken, memory is what it was.</summary>
    /// <returns>Whether it was taken for all of the range.</returns>
    public bool Advise(int advice) => LibcNative.madvise((nint)Start, (nuint)Bytes, advice) == 0;
}
