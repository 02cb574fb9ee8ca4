using System.Collections.Concurrent;
using System.Diagnostics;
using OrleansInference.Tool.Supervision;

namespace OrleansInference.Tool.Tests.Supervision;

/// <summary>The supervisor with small shell programs for children.</summary>
public sealed class SupervisorTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private static readonly RestartPolicy Quick = new() { FirstDelay = TimeSpan.FromMilliseconds(10), MaximumDeathsInARow = 3 };
    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<string> _reports = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_WhenToldToStop_StopsAllAndSaysSo()
    {
        var supervisor = Create(RestartPolicy.Default, Shell("a", "echo ready; exec sleep 60"), Shell("b", "echo ready; exec sleep 60"));
        using var stop = new CancellationTokenSource();
        var run = supervisor.RunAsync(stop.Token);
        await UntilAsync(() => Log("a").Contains("ready") && Log("b").Contains("ready"));
        int[] pids = [.. supervisor.Statuses.Select(s => s.ProcessId)];
        pids.ShouldAllBe(pid => IsAlive(pid));

        await stop.CancelAsync();
        (await run.WaitAsync(Deadline, TestContext.Current.CancellationToken)).ShouldBeTrue();

        pids.ShouldAllBe(pid => !IsAlive(pid));
        supervisor.Statuses.ShouldAllBe(s => s.State == ProcessState.Stopped);
        _reports.ShouldBeEmpty();
    }

    [Fact]
    public async Task Run_WhenAChildIgnoresTheRequestToStop_KillsIt()
    {
        var supervisor = Create(RestartPolicy.Default, Shell("deaf", "trap '' TERM; echo ready; while :; do read -t 1 x; done"));
        using var stop = new CancellationTokenSource();
        var run = supervisor.RunAsync(stop.Token);
        await UntilAsync(() => Log("deaf").Contains("ready"));
        var pid = supervisor.Statuses[0].ProcessId;

        await stop.CancelAsync();
        await run.WaitAsync(Deadline, TestContext.Current.CancellationToken);

        IsAlive(pid).ShouldBeFalse();
        _reports.ShouldHaveSingleItem().ShouldContain("did not stop within 0.5 s and was killed");
    }

    [Fact]
    public async Task Run_WhenAChildKeepsDying_StartsItABoundedNumberOfTimesAndReportsItsLastLines()
    {
        var supervisor = Create(Quick, Shell("bad", "echo the disk is full >&2; exit 3"));

        (await supervisor.RunAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline, TestContext.Current.CancellationToken)).ShouldBeFalse();

        Log("bad").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(4);
        _reports.Count(r => r.Contains("died (exit code 3)")).ShouldBe(4);
        _reports.Count(r => r.Trim() == "the disk is full").ShouldBe(4, "each death shows that run's own lines only");
        _reports.ShouldContain(r => r.Contains("it is not started again"));
        supervisor.Statuses[0].State.ShouldBe(ProcessState.Dead);
    }

    [Fact]
    public async Task Run_WhenTheLogsCannotBeWritten_ReadsOnWhatAChildWrites()
    {
        // More than a pipe holds: whoever stopped reading would keep the child waiting for ever.
        var loud = Shell("loud", $"rm -r {_folder["logs"]}; touch {_folder["logs"]}; head -c 1000000 /dev/zero | tr '\\0' '\\n'; echo done; exit 3");
        var supervisor = new Supervisor([loud], _folder["logs"], RestartPolicy.Never, _reports.Enqueue, TimeProvider.System);

        await supervisor.RunAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline, TestContext.Current.CancellationToken);

        _reports.Count(report => report.Contains("cannot be written")).ShouldBe(1);
        _reports.ShouldContain(report => report.Contains("died (exit code 3)"));
        _reports.ShouldContain(report => report.EndsWith("done"));
    }

    [Fact]
    public async Task Run_WhenAChildIsKilled_StartsAnotherAndNamesTheSignal()
    {
        var supervisor = Create(Quick, Shell("a", "exec sleep 60"), Shell("b", "exec sleep 60"));
        using var stop = new CancellationTokenSource();
        var run = supervisor.RunAsync(stop.Token);
        await UntilAsync(() => supervisor.Statuses.All(s => s.State == ProcessState.Running));
        var (victim, other) = (supervisor.Statuses[0].ProcessId, supervisor.Statuses[1].ProcessId);

        using (var process = Process.GetProcessById(victim))
            process.Kill();
        await UntilAsync(() => supervisor.Statuses[0] is { State: ProcessState.Running, ProcessId: var pid } && pid != victim);

        supervisor.Statuses[1].ProcessId.ShouldBe(other);
        _reports.ShouldContain(r => r.Contains("killed by signal 9") && r.Contains("started again"));
        await stop.CancelAsync();
        await run.WaitAsync(Deadline, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Run_WhenRestartsAreOff_LeavesTheDeadDeadAndTheOthersRunning()
    {
        var supervisor = Create(RestartPolicy.Never, Shell("dies", "exit 0"), Shell("lives", "exec sleep 60"));
        using var stop = new CancellationTokenSource();
        var run = supervisor.RunAsync(stop.Token);

        await UntilAsync(() => supervisor.Statuses[0].State == ProcessState.Dead && supervisor.Statuses[1].State == ProcessState.Running);

        run.IsCompleted.ShouldBeFalse();
        await stop.CancelAsync();
        (await run.WaitAsync(Deadline, TestContext.Current.CancellationToken)).ShouldBeTrue();
    }

    [Fact]
    public async Task Run_WhenAnEssentialChildIsDeadForGood_StopsTheOthers()
    {
        var supervisor = Create(RestartPolicy.Never, Shell("other", "exec sleep 60"), Shell("essential", "exit 1") with { IsEssential = true });

        (await supervisor.RunAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline, TestContext.Current.CancellationToken)).ShouldBeFalse();

        supervisor.Statuses[0].State.ShouldBe(ProcessState.Stopped);
    }

    [Fact]
    public async Task Run_WhenAProgramIsMissing_StopsTheOthersAndThrows()
    {
        var supervisor = Create(RestartPolicy.Default, Shell("other", "exec sleep 60"), new("missing", "/no/such/program", [], new Dictionary<string, string>()));

        var error = await Should.ThrowAsync<Terminal.UserErrorException>(() => supervisor.RunAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline));

        error.Message.ShouldContain("/no/such/program");
        supervisor.Statuses[0].State.ShouldBe(ProcessState.Stopped);
    }

    [Fact]
    public async Task Run_WhenChildrenAreStarted_GivesThemTheirEnvironmentAndAnOpenInput()
    {
        var environment = new Dictionary<string, string> { ["Device__Name"] = "pi" };
        var supervisor = Create(Quick, new ProcessSpecification("a", "/bin/sh", ["-c", "echo name=$Device__Name; read x; echo input closed"], environment));
        using var stop = new CancellationTokenSource();
        var run = supervisor.RunAsync(stop.Token);

        await UntilAsync(() => Log("a").Contains("name=pi"));
        await stop.CancelAsync();
        await run.WaitAsync(Deadline, TestContext.Current.CancellationToken);

        Log("a").ShouldNotContain("input closed");
    }

    private static ProcessSpecification Shell(string name, string script) =>
        new(name, "/bin/bash", ["-c", script], new Dictionary<string, string>());

    private static bool IsAlive(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            watch.Elapsed.ShouldBeLessThan(Deadline, "the condition did not come true");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    private Supervisor Create(RestartPolicy policy, params ProcessSpecification[] processes) =>
        new(processes, _folder.FullPath, policy, _reports.Enqueue, TimeProvider.System) { StopBound = TimeSpan.FromMilliseconds(500) };

    private string Log(string name)
    {
        var path = _folder[name + ".log"];
        if (!File.Exists(path))
            return "";
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }
}
