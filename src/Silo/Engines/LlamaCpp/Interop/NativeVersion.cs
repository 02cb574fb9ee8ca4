using System.Runtime.InteropServices;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>Struct layouts belong to one llama.cpp version; any other is refused before it is called.</summary>
internal static unsafe class NativeVersion
{
    public const string Pinned = "v0.5.0";

    /// <exception cref="NativeRuntimeException">The library is of another version, or does not say which.</exception>
    public static void Require(nint library, string path)
    {
        // Not an import: a library that fails this test must not become the one that the imports resolve to.
        if (!NativeLibrary.TryGetExport(library, "llama_version", out var export))
            throw new NativeRuntimeException($"{path} does not name its version (no llama_version); llama.cpp {Pinned} is required.");
        var reported = Marshal.PtrToStringUTF8(((delegate* unmanaged[Cdecl]<nint>)export)()) ?? "";
        if (!IsPinned(reported))
            throw new NativeRuntimeException(
                $"{path} is llama.cpp {reported}; version {Pinned} is required, because struct layouts differ between versions.");
    }

    /// <summary>A build reports its release with or without a suffix: 0.5.0, 0.5.0-dev.</summary>
    public static bool IsPinned(string reported) =>
        reported.TrimStart('v').Split('-', '+')[0].Equals(Pinned[1..], StringComparison.Ordinal);
}
