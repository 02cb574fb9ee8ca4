using System.Globalization;

namespace OrleansInference.Tool.Supervision;

/// <summary>
/// Keeps child processes running until it is told to stop, then stops them: SIGTERM to all, a bounded wait, SIGKILL to the rest.
/// </summary>
/// <param name="report">Takes lines for people: a process died, is started again, had to be killed.</param>
internal sealed class Supervisor(
    IReadOnlyList<ProcessSpecification> specifications, string logFolder, RestartPolicy policy, Action<string> report, TimeProvider clock)
{
    private const int ReportedLineCount = 12;
    private static readonly TimeSpan OutputBound = TimeSpan.FromSeconds(1);
    private readonly ProcessStatus[] _statuses = [.. specifications.Select(s => new ProcessStatus(s.Name, ProcessState.Starting, 0))];

    public TimeSpan StopBound { get; init; } = TimeSpan.FromSeconds(5);

    public IReadOnlyList<ProcessStatus> Statuses
    {
        get
        {
            lock (_statuses)
                return [.. _statuses];
        }
    }

    /// <summary>Runs until <paramref name="stop"/>, or until an essential process, or every process, is dead for good. All children are gone when it ends.</summary>
    /// <returns>Whether it ended because it was told to.</returns>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAll(Enumerable.Range(0, specifications.Count).Select(async index =>
        {
            try
            {
                await KeepAsync(index, end.Token).ConfigureAwait(false);
            }
            catch
            {
                await end.CancelAsync().ConfigureAwait(false);
                throw;
            }

            if (specifications[index].IsEssential || Statuses.All(s => s.State is ProcessState.Dead or ProcessState.Stopped))
                await end.CancelAsync().ConfigureAwait(false);
        })).ConfigureAwait(false);
        return stop.IsCancellationRequested;
    }

    private async Task KeepAsync(int index, CancellationToken stop)
    {
        var specification = specifications[index];
        using var log = new LogFile(Path.Combine(logFolder, specification.Name + ".log"), report: report);
        for (var deathsInARow = 0; !stop.IsCancellationRequested;)
        {
            var started = clock.GetTimestamp();
            using var child = ChildProcess.Start(specification, log);
            Set(index, ProcessState.Running, child.ProcessId);
            var exitCode = await RunToEndAsync(index, child, stop).ConfigureAwait(false);
            if (stop.IsCancellationRequested)
                break;

            deathsInARow = clock.GetElapsedTime(started) >= policy.StableAfter ? 1 : deathsInARow + 1;
            var delay = policy.DelayAfter(deathsInARow);
            Set(index, delay is null ? ProcessState.Dead : ProcessState.Restarting, 0);
            ReportDeath(specification.Name, child, exitCode, log, delay);
            if (delay is null)
                return;
            await Task.Delay(delay.Value, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Set(index, ProcessState.Stopped, 0);
    }

    private async Task<int> RunToEndAsync(int index, ChildProcess child, CancellationToken stop)
    {
        var exit = child.WaitForExitAsync(OutputBound, clock);
        await ((Task)exit).WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (exit.IsCompleted)
            return await exit.ConfigureAwait(false);

        Set(index, ProcessState.Stopping, child.ProcessId);
        child.RequestStop();
        await Task.WhenAny(exit, Task.Delay(StopBound, clock, CancellationToken.None)).ConfigureAwait(false);
        if (!exit.IsCompleted)
        {
            report(string.Create(
                CultureInfo.InvariantCulture,
                $"{specifications[index].Name} (process {child.ProcessId}) did not stop within {StopBound.TotalSeconds:0.#} s and was killed."));
            child.Kill();
        }

        return await exit.ConfigureAwait(false);
    }

    private void ReportDeath(string name, ChildProcess child, int exitCode, LogFile log, TimeSpan? delay)
    {
        var how = exitCode > 128 ? $"killed by signal {exitCode - 128}" : $"exit code {exitCode}";
        var next = delay is { } wait
            ? string.Create(CultureInfo.InvariantCulture, $"it is started again in {wait.TotalSeconds:0.#} s")
            : "it is not started again";
        report($"{name} (process {child.ProcessId}) died ({how}); {next}. Its last lines, from {log.FilePath}:");
        foreach (var line in child.LastLines(ReportedLineCount))
            report($"    {line}");
    }

    private void Set(int index, ProcessState state, int processId)
    {
        lock (_statuses)
            _statuses[index] = _statuses[index] with { State = state, ProcessId = processId };
    }
}
