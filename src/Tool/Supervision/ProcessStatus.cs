namespace OrleansInference.Tool.Supervision;

internal enum ProcessState
{
    /// <summary>Not started yet.</summary>
    Starting,
    Running,
    /// <summary>Dead, and about to be started again.</summary>
    Restarting,
    /// <summary>Dead for good.</summary>
    Dead,
    Stopping,
    Stopped,
}

internal sealed record ProcessStatus(string Name, ProcessState State, int ProcessId);
