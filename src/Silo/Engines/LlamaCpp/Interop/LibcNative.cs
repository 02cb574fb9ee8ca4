using System.Runtime.InteropServices;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

internal static partial class LibcNative
{
    /// <summary>Changes the environment that native code reads; the managed one is a copy that native code never sees.</summary>
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc")]
    public static partial int mallopt(int parameter, int value);

    [LibraryImport("libc")]
    public static partial int malloc_trim(nuint padding);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int madvise(nint address, nuint length, int advice);

    /// <param name="thread">0 is the calling one.</param>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int sched_getscheduler(int thread);

    /// <param name="thread">0 is the calling one.</param>
    /// <param name="priority">A sched_param, which is an int.</param>
    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int sched_setscheduler(int thread, int policy, int* priority);

    /// <param name="thread">A process stands for its first thread.</param>
    /// <param name="length">In bytes.</param>
    /// <returns>0, or -1.</returns>
    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int sched_getaffinity(int thread, nuint length, ulong* processors);

    /// <param name="thread">0 is the calling one.</param>
    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int sched_setaffinity(int thread, nuint length, ulong* processors);

    public const int M_MMAP_THRESHOLD = -3;
    public const int MADV_DONTNEED = 4;
    public const int MADV_HUGEPAGE = 14;
    public const int MADV_COLLAPSE = 25;
    public const int SCHED_OTHER = 0;
    public const int SCHED_BATCH = 3;
}
