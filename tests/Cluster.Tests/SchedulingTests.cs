using OrleansInference.Cluster.Tests.Processes;

namespace OrleansInference.Cluster.Tests;

public sealed class SchedulingTests(ThreeSiloFixture fixture)
{
    private const int Batch = 3;

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
}
