namespace OrleansInference.Tool.Supervision;

/// <summary>Whether and when a process that died is started again: after 0.5 s, then twice as long each time, until it has proven stable.</summary>
internal sealed record RestartPolicy
{
    public static RestartPolicy Default { get; } = new();

    public static RestartPolicy Never { get; } = new() { MaximumDeathsInARow = 0 };

    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan MaximumDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A process that lived this long counts as stable: its next death is a first one again.</summary>
    public TimeSpan StableAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Starts that may fail one after another; the next one is the last.</summary>
    public int MaximumDeathsInARow { get; init; } = 5;

    /// <summary>The wait before the next start after the <paramref name="deathsInARow"/>th death (1 first); null to give up.</summary>
    public TimeSpan? DelayAfter(int deathsInARow)
    {
        if (deathsInARow > MaximumDeathsInARow)
            return null;
        var delay = FirstDelay * Math.Pow(2, deathsInARow - 1);
        return delay < MaximumDelay ? delay : MaximumDelay;
    }
}
