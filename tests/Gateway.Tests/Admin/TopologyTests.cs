using System.Globalization;
using System.Text.Json;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.Tests.Fakes;

namespace OrleansInference.Gateway.Tests.Admin;

public sealed class TopologyTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    [Fact]
    public async Task Topology_WhenAsked_SaysWhoHoldsWhat()
    {
        var topology = await GetAsync("/admin/topology");
        topology.GetProperty("silos")[0].GetRawText().ShouldBe(
            """{"name":"silo-jetson","pid":101,"device":{"name":"jetson","class":"jetson","zone":"home","threads":2,"accelerator":"none","""
            + """
            "bandwidth_gigabytes_per_second":25.5},"memory":{"budget_bytes":1000000,"resident_bytes":500,"available_bytes":800},
            """
            + """
            "processor_load":0.25,"endpoint":"127.0.0.1:101","read_at":"1970-01-01T00:00:00+00:00"}
            """);
        topology.GetProperty("models").GetRawText().ShouldBe(
            """[{"name":"pebble","replicas":1,"slots":4,"context_length":512,"batch_rows":64,"queue_length":16,"""
            + """
            "ready":true,"load_progress":1}]
            """);
        var pipeline = topology.GetProperty("pipelines")[0];
        (pipeline.GetProperty("name").GetString(), pipeline.GetProperty("epoch").GetInt64(), pipeline.GetProperty("state").GetString())
            .ShouldBe(("pebble/0", 3, "ready"));
        pipeline.GetProperty("stages")[1].GetRawText().ShouldBe(
            """{"stage":1,"silo":"silo-pi-hat","device":"pi-hat","pid":102,"layers":{"first":4,"end":8},"state":"linked","""
            + """
            "load_progress":1,"mapped_bytes":900,"kv_bytes":200}
            """);
    }

    [Fact]
    public async Task Topology_WhenCompletionsRun_CountsThem()
    {
        gateway.Head.Script = Scripts.Endless;
        using (await gateway.PostForStreamAsync(
            "/v1/completions", """{"model":"pebble","prompt":"Hi","stream":true,"n":3}""", TestContext.Current.CancellationToken))
        {
            await GatewayFixture.UntilAsync(() => RunningAsync().Result == 3, "the head has begun all three");
            await ShouldCountAsync(waiting: 0, running: 3);
        }

        await gateway.SettleAsync();
    }

    [Fact]
    public async Task Topology_WhenTheHeadHasSentNothingYet_CountsCompletionsAsWaiting()
    {
        gateway.Head.Script = Scripts.Silent;
        using var leaving = new CancellationTokenSource();
        var request = gateway.PostAsync("/v1/completions", """{"model":"pebble","prompt":"Hi","n":3}""", leaving.Token);
        await GatewayFixture.UntilAsync(() => gateway.Heads.WaitingCount == 3, "the head has all three");
        await ShouldCountAsync(waiting: 3, running: 0);
        await leaving.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(request);
        await gateway.SettleAsync();
    }

    [Fact]
    public async Task Metrics_WhenPromptsWereAnswered_CountTheirTokensTheCachedOnesAndGuesses()
    {
        const string Tokens = "oinf_gateway_prompt_tokens_total";
        const string Cached = "oinf_gateway_cached_prompt_tokens_total";
        const string Drafted = "oinf_gateway_draft_tokens_total";
        const string Accepted = "oinf_gateway_accepted_draft_tokens_total";
        var (tokens, cached) = (await CounterAsync(Tokens), await CounterAsync(Cached));
        var (drafted, accepted) = (await CounterAsync(Drafted), await CounterAsync(Accepted));
        gateway.Head.Script = request => request.FinishAsync(FinishReason.Stop, promptTokens: 100, cachedTokens: 60).AsTask();
        await gateway.PostForJsonAsync("/v1/completions", """{"model":"pebble","prompt":["Hi","Ho"]}""");
        gateway.Head.Script = Scripts.Failing(GenerationErrorCode.Internal, "broken");
        using (await gateway.PostAsync("/v1/completions", """{"model":"pebble","prompt":"Hi"}""", TestContext.Current.CancellationToken))
        {
            (await CounterAsync(Tokens)).ShouldBe(tokens + 200);
            (await CounterAsync(Cached)).ShouldBe(cached + 120);
            (await CounterAsync(Drafted)).ShouldBe(drafted + 6);
            (await CounterAsync(Accepted)).ShouldBe(accepted + 4);
        }
    }

    [Fact]
    public async Task Models_WhenListed_AreTheDeployedOnes()
    {
        var list = await GetAsync("/v1/models");
        list.GetProperty("object").GetString().ShouldBe("list");
        var model = list.GetProperty("data").EnumerateArray().ShouldHaveSingleItem();
        (model.GetProperty("id").GetString(), model.GetProperty("object").GetString()).ShouldBe(("pebble", "model"));
        (await GetAsync("/v1/models/pebble")).GetRawText().ShouldBe(model.GetRawText());
    }

    [Theory]
    [InlineData("/v1/models/granite")]
    [InlineData("/v1/models/some/other-model")]
    public async Task Model_WhenUnknown_Is404(string path)
    {
        using var response = await gateway.Http.GetAsync(path, TestContext.Current.CancellationToken);
        ((int)response.StatusCode).ShouldBe(404);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("model_not_found");
    }

    private async Task ShouldCountAsync(int waiting, int running)
    {
        (await GetAsync("/admin/topology")).GetProperty("gateway").GetRawText().ShouldBe(
            $$"""{"in_flight_requests":1,"queued_requests":0,"waiting_completions":{{waiting}},"running_completions":{{running}},"""
            + """
            "head_connections":1}
            """);
        var metrics = (await gateway.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken)).Split('\n');
        metrics.ShouldContain("oinf_gateway_queue_length 0");
        metrics.ShouldContain($"oinf_gateway_waiting_completions {waiting}");
        metrics.ShouldContain($"oinf_gateway_running_completions {running}");
    }

    private async Task<int> RunningAsync() =>
        (await GetAsync("/admin/topology")).GetProperty("gateway").GetProperty("running_completions").GetInt32();

    private async Task<long> CounterAsync(string name)
    {
        var metrics = await gateway.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        metrics.Split('\n').ShouldContain($"# TYPE {name} counter");
        var line = metrics.Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal));
        return long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private async Task<JsonElement> GetAsync(string path) =>
        JsonDocument.Parse(await gateway.Http.GetStringAsync(path, TestContext.Current.CancellationToken)).RootElement;
}
