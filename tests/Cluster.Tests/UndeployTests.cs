using System.Text.Json;
using OrleansInference.Cluster.Tests.Processes;
using OrleansInference.Models.Store;

namespace OrleansInference.Cluster.Tests;

/// <summary>Models that another gateway deployed, and models that are taken away.</summary>
public sealed class UndeployTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    /// <summary>Room for one model, not for two.</summary>
    private static readonly ClusterSettings OneModel = ClusterSettings.OneSilo with { Silos = ["gpu-cloud:threads=1,memory=30MB"] };

    [Fact]
    public async Task Undeploy_OfAModelThatIsInNoStore_LeavesNothingOfItAndTheOtherModelAnswersThroughout()
    {
        await using var cluster = await ClusterProcess.StartAsync(OneModel);
        var epoch = (await cluster.GetTopologyAsync()).Pipelines.Single().Epoch;
        await using (var other = await GatewayProcess.StartAsync(cluster, "quen", OneModel))
        {
            await Deadline.UntilAsync(
                Bound, "the cluster says what is wrong", async () => (await ReasonOfAsync(cluster, "quen"))?.Contains("cannot be planned") == true);
            var (status, body) = await other.ReadyAsync();
            status.ShouldBe(503, body);
            await ShouldServePebbleAsync(cluster);
        }

        // The gateway is gone; what it deployed is not.
        (await ReasonOfAsync(cluster, "quen")).ShouldNotBeNull();
        await ShouldServePebbleAsync(cluster);
        (await ModelsAsync(cluster)).ShouldBe(["pebble", "quen"]);
        var (code, text) = await ToolAsync(cluster, "status");
        code.ShouldBe(0, text);
        text.ShouldContain("Deployed, but not served: quen.");

        (code, text) = await ToolAsync(cluster, "undeploy", "quan");
        code.ShouldBe(1);
        text.Trim().ShouldBe("The model 'quan' is not deployed. Deployed: pebble, quen.");
        (code, text) = await ToolAsync(cluster, "undeploy", "quen");
        code.ShouldBe(0, text);
        text.ShouldContain("'quen' is removed.");

        (await ModelsAsync(cluster)).ShouldBe(["pebble"]);
        (await ReasonOfAsync(cluster, "quen")).ShouldBeNull();
        await ShouldServePebbleAsync(cluster);
        (await cluster.GetTopologyAsync()).Pipelines.Single().Epoch.ShouldBe(epoch, "nothing of this disturbs the other model");
    }

    [Fact]
    public async Task Undeploy_OfTheServedModel_FreesItsMemoryForTheNext()
    {
        await using var cluster = await ClusterProcess.StartAsync(OneModel);
        var store = new ModelStore(Path.Combine(cluster.DataFolder, "..", "models"));
        await store.ImportAsync(Checkout.Pebble, new ImportOptions { Name = "twin" }, cancellation: TestContext.Current.CancellationToken);
        await ShouldServePebbleAsync(cluster);
        await using var other = await GatewayProcess.StartAsync(cluster, "twin", OneModel);
        await Deadline.UntilAsync(Bound, "it waits for memory", async () => (await ReasonOfAsync(cluster, "twin"))?.Contains("waits for memory") == true);
        (await other.ReadyAsync()).Status.ShouldBe(503);

        var (code, text) = await ToolAsync(cluster, "undeploy", "pebble");
        code.ShouldBe(0, text);
        text.ShouldContain("This gateway is to serve it (Serve:Model)");
        await Deadline.UntilAsync(Bound, "the next one is ready", async () => (await other.ReadyAsync()).Status == 200);

        (await cluster.GetTopologyAsync()).Pipelines.ShouldHaveSingleItem().Model.ShouldBe("twin");
        (await ModelsAsync(cluster)).ShouldBe(["twin"]);
        (await ToolAsync(cluster, "status")).ExitCode.ShouldBe(2, "this gateway's model is gone");
        await Deadline.UntilAsync(Bound, "the removed model is unknown", async () => await AskAsync(cluster.Url, "pebble") is (404, _));
        await Deadline.UntilAsync(Bound, "the connection to its head is closed", async () => await HeadConnectionsAsync(cluster) == 0);
        var (status, answer) = await AskAsync(other.Url, "twin");
        (status, answer.Contains("15", StringComparison.Ordinal)).ShouldBe((200, true), answer);
    }

    private static async Task ShouldServePebbleAsync(ClusterProcess cluster)
    {
        (await cluster.IsReadyAsync()).ShouldBeTrue();
        (await cluster.CreateChatClient().AskAsync("What is 7 plus 8?")).ShouldContain("15");
    }

    private static Task<(int ExitCode, string Output)> ToolAsync(ClusterProcess cluster, params string[] arguments) =>
        ClusterProcess.RunToolAsync([.. arguments, "--url", cluster.Url.ToString()]);

    /// <summary>Why a model's pipeline is not ready; null when it has no pipeline.</summary>
    private static async Task<string?> ReasonOfAsync(ClusterProcess cluster, string model) =>
        (await cluster.GetTopologyAsync()).Pipelines.SingleOrDefault(pipeline => pipeline.Model == model)?.Reason;

    private static async Task<string?[]> ModelsAsync(ClusterProcess cluster) =>
        [.. (await GetAsync(cluster, "/v1/models")).GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString())];

    private static async Task<int> HeadConnectionsAsync(ClusterProcess cluster) =>
        (await GetAsync(cluster, "/admin/topology")).GetProperty("gateway").GetProperty("head_connections").GetInt32();

    private static async Task<JsonElement> GetAsync(ClusterProcess cluster, string path)
    {
        using var client = cluster.CreateHttpClient();
        return JsonDocument.Parse(await client.GetStringAsync(path, TestContext.Current.CancellationToken)).RootElement;
    }

    private static async Task<(int Status, string Answer)> AskAsync(Uri gateway, string model)
    {
        using var client = new HttpClient { BaseAddress = gateway, Timeout = TimeSpan.FromSeconds(60) };
        using var content = new StringContent(
            $$"""{"model":"{{model}}","temperature":0,"messages":[{"role":"user","content":"What is 7 plus 8?"}]}""", null, "application/json");
        using var response = await client.PostAsync("/v1/chat/completions", content, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
