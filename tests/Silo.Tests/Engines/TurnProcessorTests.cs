using System.Globalization;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Tests.Engines;

public sealed class TurnProcessorTests
{
    private const int TurnsToMove = 4;

    private static readonly string s_all = AllowedProcessors("self");

    private readonly int? _processor = TurnProcessor.Choose("pebble/0");

    [Fact]
    public void Thread_WhenItTakesTurns_IsHeldUntilItNoLongerDoes()
    {
        Assert.SkipWhen(_processor is null, "this process may use one processor only");
        OnThread(() =>
        {
            for (var turn = 1; turn < TurnsToMove; turn++)
            {
                TurnProcessor.Move(_processor);
                AllowedProcessors("thread-self").ShouldBe(s_all, $"turn {turn}");
            }

            TurnProcessor.Move(_processor);
            AllowedProcessors("thread-self").ShouldBe(_processor!.Value.ToString(CultureInfo.InvariantCulture));

            TurnProcessor.Move(null);
            AllowedProcessors("thread-self").ShouldBe(s_all);
        });
    }

    [Fact]
    public void Thread_WhenAHeldOneStartsIt_IsNotHeld()
    {
        Assert.SkipWhen(_processor is null, "this process may use one processor only");
        OnThread(() =>
        {
            for (var turn = 0; turn < TurnsToMove; turn++)
                TurnProcessor.Move(_processor);

            OnThread(() => AllowedProcessors("thread-self").ShouldBe(s_all));
        });
    }

    [Fact]
    public async Task Thread_WhenItIsOfThePool_IsNeverHeld()
    {
        Assert.SkipWhen(_processor is null, "this process may use one processor only");
        await Task.Run(() =>
        {
            for (var turn = 0; turn < 2 * TurnsToMove; turn++)
                TurnProcessor.Move(_processor);
            AllowedProcessors("thread-self").ShouldBe(s_all);
        }, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Processor_OfReplicas_IsNotTheSame()
    {
        Assert.SkipWhen(_processor is null, "this process may use one processor only");
        TurnProcessor.Choose("pebble/0").ShouldBe(_processor);
        TurnProcessor.Choose("pebble/1").ShouldNotBe(_processor);
    }

    private static void OnThread(Action work)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(work));
        thread.Start();
        thread.Join();
        failure.ShouldBeNull();
    }

    /// <summary>As the kernel lists them: "0-3,8".</summary>
    private static string AllowedProcessors(string thread) => File.ReadLines($"/proc/{thread}/status")
        .Single(line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal)).Split('\t')[1];
}
