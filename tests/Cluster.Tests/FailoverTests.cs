using System.ClientModel;
using System.Diagnostics;
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

        var sinceKill = Stopwatch.StartNew();
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

        await Deadline.UntilAsync(ReadyAgainBound, "it serves again, without the dead silo", () => ServesWithoutAsync(cluster, victim.Pid));

        var again = sinceKill.Elapsed;
        output.WriteLine(
            $"stage {stage} on {victim.Device} killed: 503 after {lost.TotalSeconds:F2} s, serving again {again.TotalSeconds:F2} s after the kill");
        again.ShouldBeLessThan(ReadyAgainBound);
    }

    [Fact]
    public async Task Kill_WhenNoOtherSiloCanTakeTheShard_IsReadyAgainOnceTheToolHasStartedTheSiloAgain()
    {
        await using var cluster = await ClusterProcess.StartAsync(ClusterSettings.ThreeSilos);
        var victim = (await cluster.GetTopologyAsync()).Pipelines.Single().Stages[1];

        ProcessTable.Kill(victim.Pid);
        await Deadline.UntilAsync(ReadyAgainBound, "/readyz says 503", async () => !await cluster.IsReadyAsync());
        var again = await Deadline.UntilAsync(
            TimeSpan.FromSeconds(30), "it serves again, without the dead process", () => ServesWithoutAsync(cluster, victim.Pid));

        output.WriteLine($"stage 1 on {victim.Device} killed, no spare: serving again {again.TotalSeconds:F2} s after the 503");
        cluster.Lines.ShouldContain(line => line.Contains($"{victim.Device} (process {victim.Pid}) died (killed by signal 9)"));
    }

    /// <summary>Whether the cluster says that it is ready without a process, and answers: /readyz may be a moment ahead of admission.</summary>
    private static async Task<bool> ServesWithoutAsync(ClusterProcess cluster, int processId)
    {
        if (!await cluster.IsReadyAsync()
            || (await cluster.GetTopologyAsync()).Pipelines is not [{ State: "ready", Stages.Count: 3 } pipeline]
            || pipeline.Stages.Any(stage => stage.Pid == processId))
            return false;
        try
        {
            (await cluster.CreateChatClient().AskAsync("What is 7 plus 8?")).ShouldContain("15");
            return true;
        }
        catch (ClientResultException e) when (e.Status == (int)HttpStatusCode.ServiceUnavailable)
        {
            return false;
        }
    }
}
