using System.Net;
using OrleansInference.Cluster.Tests.Processes;

namespace OrleansInference.Cluster.Tests;

public sealed class FailoverTests(ITestOutputHelper output)
{
    private static readonly TimeSpan ReadyAgainBound = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Kill_WhenASpareSiloCanTakeTheShard_IsNotReadyAndThenReadyWithinFiveSeconds(int stage)
    {
        // Any three of the four have room for all layers, no two of them have.
        await using var cluster = await ClusterProcess.StartAsync(ClusterSettings.ThreeSilos with
        {
            Silos = [.. ClusterSettings.ThreeSilos.Silos, "old-pc:threads=1,memory=8MB"], MoreArguments = ["--no-restart"],
        });
        using var http = cluster.CreateHttpClient();
        var victim = (await cluster.GetTopologyAsync()).Pipelines.Single().Stages[stage];

        ProcessTable.Kill(victim.Pid);
        var lost = await Deadline.UntilAsync(ReadyAgainBound, "/readyz says 503", async () => !await cluster.IsReadyAsync());
        using (var refused = await http.PostAsync(
            "/v1/chat/completions", new StringContent("""{"model":"pebble","messages":[{"role":"user","content":"Who are you?"}]}""", null, "application/json"),
            TestContext.Current.CancellationToken))
        {
            // The pipeline may be whole again by the time that the gateway asks.
            refused.StatusCode.ShouldBeOneOf(HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK);
            if (refused.StatusCode == HttpStatusCode.ServiceUnavailable)
                refused.Headers.RetryAfter.ShouldNotBeNull();
        }

        var again = await Deadline.UntilAsync(
            ReadyAgainBound - lost, "/readyz says 200 again, without the dead silo", () => IsReadyWithoutAsync(cluster, victim.Pid));

        output.WriteLine($"stage {stage} on {victim.Device} killed: 503 after {lost.TotalSeconds:F2} s, ready again {(lost + again).TotalSeconds:F2} s after the kill");
        (await cluster.CreateChatClient().AskAsync("What is 7 plus 8?")).ShouldContain("15");
    }

    [Fact]
    public async Task Kill_WhenNoOtherSiloCanTakeTheShard_IsReadyAgainOnceTheToolHasStartedTheSiloAgain()
    {
        await using var cluster = await ClusterProcess.StartAsync(ClusterSettings.ThreeSilos);
        var victim = (await cluster.GetTopologyAsync()).Pipelines.Single().Stages[1];

        ProcessTable.Kill(victim.Pid);
        await Deadline.UntilAsync(ReadyAgainBound, "/readyz says 503", async () => !await cluster.IsReadyAsync());
        var again = await Deadline.UntilAsync(
            TimeSpan.FromSeconds(30), "/readyz says 200 again, without the dead process", () => IsReadyWithoutAsync(cluster, victim.Pid));

        output.WriteLine($"stage 1 on {victim.Device} killed, no spare: ready again {again.TotalSeconds:F2} s after the 503");
        cluster.Lines.ShouldContain(line => line.Contains($"{victim.Device} (process {victim.Pid}) died (killed by signal 9)"));
        (await cluster.CreateChatClient().AskAsync("What is 7 plus 8?")).ShouldContain("15");
    }

    private static async Task<bool> IsReadyWithoutAsync(ClusterProcess cluster, int processId) =>
        await cluster.IsReadyAsync()
        && (await cluster.GetTopologyAsync()).Pipelines is [{ Stages.Count: 3 } pipeline] && pipeline.Stages.All(stage => stage.Pid != processId);
}
