namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>
/// Large pages for the memory that a model takes after this was made: its weights and KV cache, which every token reads from end to end.
/// In small pages much of that time goes into looking up addresses, above all in virtual machines. Linux may give large pages only where
/// they are asked for, and llama.cpp does not ask.
/// </summary>
internal sealed class LargePages
{
    private const ulong PageBytes = 2 << 20;
    private const ulong LeastBytes = 16 << 20;

    private readonly HashSet<MappedRange> _before = [.. MemoryMap.Read()];

    public void Apply()
    {
        foreach (var range in MemoryMap.Read().Where(IsNewAndLarge))
        {
            // The first lets the kernel take its time, the second has it done now, where the kernel is new enough (6.1).
            if (range.Advise(LibcNative.MADV_HUGEPAGE))
                Collapse(range);
        }
    }

    /// <summary>The kernel gives up at the first page of a range that it cannot make large; the others are behind it.</summary>
    private static void Collapse(MappedRange range)
    {
        if (range.Advise(LibcNative.MADV_COLLAPSE) || range.Bytes < 2 * PageBytes)
            return;
        var middle = (range.Start + range.Bytes / 2) / PageBytes * PageBytes;
        Collapse(range with { End = middle });
        Collapse(range with { Start = middle });
    }

    private bool IsNewAndLarge(MappedRange range) =>
        range is { Permissions: "rw-p", Name: "", Bytes: >= LeastBytes } && !_before.Contains(range);
}
