using System.Collections.Immutable;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Engines;

/// <summary>Processors, by their numbers in ascending order.</summary>
internal sealed record ProcessorSet(ImmutableArray<int> Numbers)
{
    /// <summary>What the C library's own set holds.</summary>
    private const int Maximum = 1_024;

    private const int WordBits = 64;

    /// <summary>Those that this process may use; none where that cannot be asked.</summary>
    public static unsafe ProcessorSet OfProcess()
    {
        var words = stackalloc ulong[Maximum / WordBits];
        new Span<ulong>(words, Maximum / WordBits).Clear();
        return OperatingSystem.IsLinux() && LibcNative.sched_getaffinity(Environment.ProcessId, Maximum / 8, words) == 0
            ? new([.. Enumerable.Range(0, Maximum).Where(number => (words[number / WordBits] >> (number % WordBits) & 1) == 1)])
            : new([]);
    }

    /// <summary>Lets the calling thread run on these alone. Where the kernel refuses, it goes on as it is.</summary>
    public unsafe void Apply()
    {
        var words = stackalloc ulong[Maximum / WordBits];
        new Span<ulong>(words, Maximum / WordBits).Clear();
        foreach (var number in Numbers)
            words[number / WordBits] |= 1UL << (number % WordBits);
        _ = LibcNative.sched_setaffinity(0, Maximum / 8, words);
    }
}
