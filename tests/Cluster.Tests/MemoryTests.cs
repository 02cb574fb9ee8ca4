using System.Diagnostics;
using OrleansInference.Cluster.Tests.Processes;

namespace OrleansInference.Cluster.Tests;

public sealed class MemoryTests(ThreeSiloFixture fixture, ITestOutputHelper output)
{
    private const int Requests = 1_000;
    private const int Clients = 8;
    private const long AllowedGrowthBytes = 24_000_000;
    private const long AllowedOverheadBytes = 150_000_000;

    [Fact]
    public async Task Memory_WhenAThousandRequestsAreServed_StaysFlat()
    {
        var cluster = fixture.Cluster;
        var names = new Dictionary<int, string> { [cluster.ProcessId] = "oinf" };
        foreach (var child in ProcessTable.ChildrenOf(cluster.ProcessId))
            names[child] = "gateway";
        foreach (var silo in (await cluster.GetTopologyAsync()).Silos)
            names[silo.Pid] = silo.Name;

        await ServeAsync(Requests / 4);
        var early = names.Keys.ToDictionary(pid => pid, ProcessTable.ResidentBytes);
        var watch = Stopwatch.StartNew();
        await ServeAsync(Requests);

        output.WriteLine($"{Requests} requests by {Clients} clients in {watch.Elapsed.TotalSeconds:F1} s; resident MB before and after:");
        var growth = names.ToDictionary(p => p.Value, p => ProcessTable.ResidentBytes(p.Key) - early[p.Key]);
        foreach (var (pid, name) in names)
            output.WriteLine($"  {name}: {early[pid] / 1e6:F1} -> {(early[pid] + growth[name]) / 1e6:F1}");
        growth.ShouldAllBe(process => process.Value < AllowedGrowthBytes);
    }

    [Fact]
    public async Task Memory_WhenSlicesAreServed_IsTheSliceItsKvAndABoundedRest()
    {
        var topology = await fixture.Cluster.GetTopologyAsync();

        foreach (var stage in topology.Pipelines.Single().Stages)
        {
            var resident = ProcessTable.ResidentBytes(stage.Pid);
            output.WriteLine($"{stage.Silo}: resident {resident / 1e6:F1} MB; slice {stage.MappedBytes / 1e6:F1} MB + KV {stage.KvBytes / 1e6:F1} MB");
            stage.MappedBytes.ShouldBeGreaterThan(0);
            stage.KvBytes.ShouldBeGreaterThan(0);
            resident.ShouldBeLessThanOrEqualTo(stage.MappedBytes + stage.KvBytes + AllowedOverheadBytes);
        }
    }

    private Task ServeAsync(int count)
    {
        var client = fixture.Cluster.CreateChatClient();
        return Parallel.ForEachAsync(
            Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = Clients },
            async (i, _) => (await client.AskAsync($"What is {i % 20} plus {i % 7}?")).ShouldContain($"{(i % 20) + (i % 7)}"));
    }
}
