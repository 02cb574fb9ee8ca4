using System.Diagnostics;
using Orleans.Runtime;
using OrleansInference.ActorEngine.TestSilo;

namespace OrleansInference.ActorEngine.Tests.Embedded;

/// <summary>Silos in processes of their own, and what becomes of their grains when these end.</summary>
public sealed class ProcessTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<SiloProcess> _silos = [];
    private ClientHost _client = null!;

    public async ValueTask InitializeAsync() => _client = await ClientHost.StartAsync(_folder.Path);

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        foreach (var silo in _silos)
            await silo.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Grains_WhenThereAreSeveralProcesses_LiveInAllAndAreCalledAcross()
    {
        await StartAsync(3);
        var processes = new HashSet<int>();
        for (var i = 0; i < 60; i++)
            processes.Add(await Grain($"{i}").GetProcessAsync());
        processes.SetEquals(_silos.Select(silo => silo.ProcessId)).ShouldBeTrue();
    }

    [Fact]
    public async Task Grain_WhenFirstCalledFromSeveralProcessesAtOnce_IsActivatedOnce()
    {
        await StartAsync(3);
        var callers = new List<IProcessGrain>();
        foreach (var silo in _silos)
            callers.Add(await PlaceAsync($"caller/{silo.ProcessId}", silo));
        for (var round = 0; round < 10; round++)
        {
            var target = Grain($"target/{round}");
            var answers = await Task.WhenAll(callers.Select(caller => caller.GetActivationsOfAsync(target, 20)));
            answers.SelectMany(answer => answer).Distinct().ShouldHaveSingleItem();
        }
    }

    [Fact]
    public async Task Call_WhenALargeArgument_ArrivesWhole()
    {
        await StartAsync(1);
        var value = new byte[20_000_000];
        new Random(1).NextBytes(value);
        (await Grain("x").EchoAsync(value)).AsSpan().SequenceEqual(value).ShouldBeTrue();
    }

    [Fact]
    public async Task Exception_WhenThrownInAnotherProcess_ArrivesWithItsMembersAndStack()
    {
        await StartAsync(1);
        var exception = await Should.ThrowAsync<ProcessGrainException>(() => Grain("x").FailAsync("there"));
        exception.Message.ShouldBe("there");
        exception.ProcessId.ShouldBe(_silos[0].ProcessId);
        exception.StackTrace.ShouldNotBeNull().ShouldContain(nameof(ProcessGrain.FailAsync));
    }

    [Fact]
    public async Task Cancellation_WhenTheGrainIsInAnotherProcess_ReachesIt()
    {
        await StartAsync(1);
        using var cancellation = new CancellationTokenSource();
        var call = Grain("x").WaitAsync(cancellation.Token);
        await TestTime.UntilAsync(async () => await Grain("x").CountWaitingAsync() == 1, "the waiting call");
        await cancellation.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => call);
        await TestTime.UntilAsync(async () => await Grain("x").CountWaitingAsync() == 0, "the end of the call in the grain");
    }

    [Fact]
    public async Task Stream_WhenTheGrainIsInAnotherProcess_BringsItsElementsAndEndsThereOnEarlyBreak()
    {
        await StartAsync(1);
        var elements = new List<int>();
        await foreach (var element in Grain("x").CountAsync())
        {
            elements.Add(element);
            if (element == 250)
                break;
        }
        elements.ShouldBe(Enumerable.Range(1, 250));
        await TestTime.UntilAsync(async () => await Grain("x").CountWaitingAsync() == 0, "the end of the stream in the grain");
    }

    [Fact]
    public async Task Migration_WhenToAnotherProcess_TakesAlongWhatIsInMemory()
    {
        await StartAsync(2);
        var grain = await PlaceAsync("x", _silos[0]);
        var activation = await grain.GetActivationAsync();
        await grain.MoveAsync(_silos[1].Silo);
        await TestTime.UntilAsync(async () => await grain.GetProcessAsync() == _silos[1].ProcessId, "the move");
        (await grain.GetActivationAsync()).ShouldBe(activation);
    }

    [Fact]
    public async Task Killed_WhenAProcessHasGrains_FailsTheirCallsAtOnceAndTheyContinueElsewhere()
    {
        await StartAsync(2);
        var grain = await PlaceAsync("x", _silos[0]);
        (await grain.IncrementAsync()).ShouldBe(1);
        (await grain.IncrementAsync()).ShouldBe(2);
        var waiting = Enumerable.Range(0, 5).Select(_ => grain.WaitAsync()).ToList();

        await TestTime.UntilAsync(async () => await grain.CountWaitingAsync() == 5, "five waiting calls");
        var watch = Stopwatch.StartNew();
        await _silos[0].KillAsync();
        foreach (var call in waiting)
            await Should.ThrowAsync<SiloUnavailableException>(() => call);
        (await grain.IncrementAsync()).ShouldBe(3);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
        (await grain.GetProcessAsync()).ShouldBe(_silos[1].ProcessId);
    }

    [Fact]
    public async Task Frozen_WhenAProcessDoesNotAnswer_IsKilledByItsPeersAndItsGrainsContinueElsewhere()
    {
        await StartAsync(2, pingMilliseconds: 400);
        var grain = await PlaceAsync("x", _silos[0]);
        var call = grain.WaitAsync();
        await TestTime.UntilAsync(async () => await grain.CountWaitingAsync() == 1, "the waiting call");
        await _silos[0].SignalAsync("STOP");
        await Should.ThrowAsync<SiloUnavailableException>(() => call);
        await _silos[0].ExitAsync();
        (await grain.GetProcessAsync()).ShouldBe(_silos[1].ProcessId);
    }

    [Fact]
    public async Task Killed_WhenEveryProcessIs_LeavesNothingThatKeepsANewClusterFromStarting()
    {
        await StartAsync(2);
        await Grain("x").IncrementAsync();
        foreach (var silo in _silos)
            await silo.KillAsync();
        await _client.UntilSilosAsync(0);
        _silos.Add(await SiloProcess.StartAsync(_folder.Path, "again"));
        await _client.UntilSilosAsync(1);
        (await Grain("x").IncrementAsync()).ShouldBe(2);
        Directory.GetFiles(_folder["members"]).Count(path => path.EndsWith(".json", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task Stopped_WhenAskedTo_LeavesNoFileBehind()
    {
        await StartAsync(2);
        for (var i = 0; i < 20; i++)
            await Grain($"{i}").GetProcessAsync();
        foreach (var silo in _silos)
        {
            await silo.SignalAsync("TERM");
            await silo.ExitAsync();
        }
        await _client.DisposeAsync();
        Directory.GetFiles(_folder["members"]).ShouldBeEmpty();
        Directory.GetFiles(_folder["grains"]).ShouldBeEmpty();
        _client = await ClientHost.StartAsync(_folder.Path);
    }

    [Fact]
    public async Task Name_WhenASiloHasItAlready_IsRefused()
    {
        await StartAsync(1);
        var error = await SiloProcess.FailToStartAsync(_folder.Path, "silo-0");
        error.ShouldContain($"Process {_silos[0].ProcessId} is already the silo \"silo-0\"");
    }

    private IProcessGrain Grain(string key) => _client.Client.GetGrain<IProcessGrain>(key);

    private async Task StartAsync(int count, int pingMilliseconds = 1000)
    {
        var starting = Enumerable.Range(0, count).Select(i => SiloProcess.StartAsync(_folder.Path, $"silo-{i}", pingMilliseconds));
        _silos.AddRange(await Task.WhenAll(starting));
        await _client.UntilSilosAsync(count);
    }

    private async Task<IProcessGrain> PlaceAsync(string key, SiloProcess silo)
    {
        using var _ = ClusterFixture.PlaceAt(silo.Silo);
        (await Grain(key).GetProcessAsync()).ShouldBe(silo.ProcessId);
        return Grain(key);
    }
}
