using System.Globalization;
using OrleansInference.Cluster.Tests.Processes;

namespace OrleansInference.Cluster.Tests;

public sealed class SchedulingTests(ThreeSiloFixture fixture)
{
    private const int Batch = 3;

    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Threads_WhenASiloComputes_DoNotPushItsComputingOneAside()
    {
        foreach (var stage in (await fixture.Cluster.GetTopologyAsync()).Pipelines.Single().Stages)
        {
            var threads = ProcessTable.ThreadsOf(stage.Pid);

            foreach (var name in new[] { ".NET TP Worker", ".NET Sockets", "pebble" })
            {
                threads.Where(thread => thread.Name.StartsWith(name, StringComparison.Ordinal)).Select(thread => thread.SchedulingClass)
                    .Distinct().ShouldBe([Batch], name);
            }
        }
    }

    [Fact]
    public async Task Stages_WhenAStreamIsAlone_TakeTurnsOnOneProcessorAndElseUseAll()
    {
        Assert.SkipUnless(Environment.ProcessorCount > 1, "there is one processor only");
        var client = fixture.Cluster.CreateChatClient();
        var stages = (await fixture.Cluster.GetTopologyAsync()).Pipelines.Single().Stages;
        var all = ProcessTable.ProcessorsOf(Environment.ProcessId, ".NET TP Worker")[0];

        await Deadline.UntilAsync(s_bound, "the computing threads share a processor", async () =>
        {
            await client.AskAsync("Who are you?");
            return Computing().Distinct().ToArray() is [var one] && int.TryParse(one, CultureInfo.InvariantCulture, out _);
        });
        stages.SelectMany(stage => ProcessTable.ProcessorsOf(stage.Pid, ".NET TP Worker")).Distinct().ShouldBe([all], "those of the pool");

        await Deadline.UntilAsync(s_bound, "the computing threads use all processors", async () =>
        {
            var streams = Task.WhenAll(Enumerable.Range(0, 8).Select(number => client.AskAsync($"Count from {number} to {number + 20}.")));
            var found = false;
            while (!streams.IsCompleted)
            {
                found |= Computing().All(processors => processors == all);
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }

            await streams;
            return found;
        });

        string[] Computing() => [.. stages.SelectMany(stage => ProcessTable.ProcessorsOf(stage.Pid, "pebble"))];
    }
}
