namespace OrleansInference.Silo.Engines;

/// <summary>
/// One processor for the threads that take turns: while a single batch goes round a ring on one machine, only one of them is at work at a
/// time. Left alone, Linux wakes each on a processor that sleeps, which takes longer than the hand-over itself. Linux only.
/// </summary>
internal static class TurnProcessor
{
    /// <summary>Turns in a row before a thread moves, so that none moves for a few.</summary>
    private const int TurnsToMove = 4;

    private static readonly ProcessorSet Usable = ProcessorSet.OfProcess();

    [ThreadStatic]
    private static int _turns;

    /// <summary>The same for all processes that may use the same processors, and another for another pipeline as far as there are.</summary>
    /// <returns>Null where there is no choice.</returns>
    public static int? Choose(string pipeline) =>
        Usable.Numbers is { Length: > 1 } numbers ? numbers[pipeline.Sum(character => character) % numbers.Length] : null;

    /// <summary>Tells the calling thread where its turn is; null lets it go anywhere again. Threads of the pool stay as they are.</summary>
    public static void Move(int? processor)
    {
        if (Thread.CurrentThread.IsThreadPoolThread)
            return;
        if (processor is { } number)
        {
            if (_turns < TurnsToMove && ++_turns == TurnsToMove)
                new ProcessorSet([number]).Apply();
            return;
        }

        if (_turns == TurnsToMove)
            Usable.Apply();
        _turns = 0;
    }
}
