namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>The resident pages of a mapped file.</summary>
internal static class MappedPages
{
    /// <summary>
    /// Lets go of a file's pages; whatever is read again comes back from the system's cache. llama.cpp reads every weight once to lay it
    /// out for the processor in memory of its own, and would hold the slice twice.
    /// </summary>
    public static void Release(string path)
    {
        // The file name alone: the path that was mapped may be spelt without the links in this one.
        var name = "/" + Path.GetFileName(path);
        foreach (var range in MemoryMap.Read().Where(range => range.Name.EndsWith(name, StringComparison.Ordinal)))
            range.Advise(LibcNative.MADV_DONTNEED);
    }
}
