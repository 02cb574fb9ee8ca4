using System.Globalization;
using System.Runtime.InteropServices;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Tests.Engines;

/// <summary>Alone, because engines that other tests load give the process's new memory large pages as well.</summary>
[CollectionDefinition(nameof(LargePagesTests), DisableParallelization = true)]
[Collection(nameof(LargePagesTests))]
public sealed unsafe class LargePagesTests
{
    private const string Setting = "/sys/kernel/mm/transparent_hugepage/enabled";
    private static readonly Version FirstKernel = new(6, 1);
    private const int Bytes = 64 << 20;

    [Fact]
    public void Apply_WhenMemoryWasTakenSince_HasItInLargePages()
    {
        Assert.SkipUnless(File.Exists(Setting) && File.ReadAllText(Setting).Contains("[madvise]", StringComparison.Ordinal)
            && Environment.OSVersion.Version >= FirstKernel, "This kernel gives no large pages, or all memory, or gives them at leisure.");
        var pages = new LargePages();
        var memory = NativeMemory.Alloc(Bytes);
        try
        {
            NativeMemory.Fill(memory, Bytes, 7);
            LargeKilobytes((ulong)memory).ShouldBe(0);

            pages.Apply();

            // The ends of the range may be parts of pages; a busy kernel may leave out others.
            LargeKilobytes((ulong)memory).ShouldBeGreaterThan(Bytes / 1024 / 2);
            new Span<byte>(memory, Bytes).ContainsAnyExcept((byte)7).ShouldBeFalse();
        }
        finally
        {
            NativeMemory.Free(memory);
        }
    }

    /// <summary>Of the mapping that holds an address: its head line, and below it one line for each of its figures.</summary>
    private static int LargeKilobytes(ulong address) => int.Parse(
        File.ReadLines("/proc/self/smaps").SkipWhile(line => !IsHeadOf(address, line))
            .First(line => line.StartsWith("AnonHugePages:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    private static bool IsHeadOf(ulong address, string line)
    {
        var range = line.Split(' ')[0].Split('-');
        return range.Length == 2
            && ulong.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) <= address
            && ulong.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) > address;
    }
}
