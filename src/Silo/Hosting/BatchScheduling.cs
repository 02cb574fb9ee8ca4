using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Hosting;

/// <summary>
/// Lets a thread that computes keep its processor. Linux gives a thread that wakes, as one does for every frame, the processor of one that
/// has computed for a while, even where another is free. A thread of the scheduling class "batch" takes a free one or waits for its turn,
/// a few milliseconds at most.
/// </summary>
internal static class BatchScheduling
{
    /// <summary>
    /// Puts the calling thread, and whichever it starts from now on, into that class; not where an operator chose one for the silo. Linux only.
    /// </summary>
    public static unsafe void Enter()
    {
        if (!OperatingSystem.IsLinux() || LibcNative.sched_getscheduler(0) != LibcNative.SCHED_OTHER)
            return;
        // The class has no priorities. A kernel or container that refuses it costs speed, nothing else.
        var priority = 0;
        _ = LibcNative.sched_setscheduler(0, LibcNative.SCHED_BATCH, &priority);
    }
}
