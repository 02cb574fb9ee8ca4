using OpenAI.Chat;
using OrleansInference.Cluster.Tests.Processes;

namespace OrleansInference.Cluster.Tests;

/// <summary>pebble, cut over three processes, makes sense to the ordinary OpenAI client.</summary>
public sealed class ServingTests(ThreeSiloFixture fixture)
{
    private readonly ClusterProcess _cluster = fixture.Cluster;

    [Theory]
    [InlineData("What is 7 plus 8?", "15")]
    [InlineData("What is the capital of France?", "Paris")]
    [InlineData("What is the opposite of hot?", "cold")]
    [InlineData("Count from 3 to 9.", "3, 4, 5, 6, 7, 8, 9")]
    [InlineData("What day comes after Monday?", "Tuesday")]
    public async Task Chat_WhenAsked_AnswersRight(string question, string expected) =>
        (await _cluster.CreateChatClient().AskAsync(question)).ShouldContain(expected);

    [Fact]
    public async Task Chat_WhenToldSomethingEarlier_RemembersIt()
    {
        ChatCompletion completion = await _cluster.CreateChatClient().CompleteChatAsync(
            [
                new UserChatMessage("My name is Nia."), new AssistantChatMessage("Nice to meet you, Nia."),
                new UserChatMessage("What is my name?"),
            ],
            new ChatCompletionOptions { Temperature = 0 }, TestContext.Current.CancellationToken);

        completion.Content[0].Text.ShouldContain("Nia");
        completion.FinishReason.ShouldBe(ChatFinishReason.Stop);
        completion.Usage.InputTokenCount.ShouldBeGreaterThan(10);
    }

    [Fact]
    public async Task Chat_WhenStreamed_ComesInPiecesAndSaysTheSame()
    {
        // Long enough that even a busy machine, where the gateway joins tokens that come at once, has pieces to show.
        const string question = "Tell me a story about a fox and a lamp.";
        var client = _cluster.CreateChatClient();
        var pieces = new List<string>();
        await foreach (var piece in client.StreamAsync(question))
            pieces.Add(piece);

        pieces.Count(piece => piece.Length > 0).ShouldBeGreaterThan(5);
        string.Concat(pieces).ShouldBe(await client.AskAsync(question));
    }

    [Fact]
    public async Task Topology_WhenReady_ShowsThreeProcessesThatHoldAllLayersOnce()
    {
        var topology = await _cluster.GetTopologyAsync();

        var pipeline = topology.Pipelines.ShouldHaveSingleItem();
        var stages = pipeline.Stages.OrderBy(stage => stage.Stage).ToArray();
        stages.Length.ShouldBe(3);
        stages.Select(stage => stage.Pid).Distinct().Count().ShouldBe(3);
        stages.Select(stage => stage.Pid).Order().ShouldBe(topology.Silos.Select(silo => silo.Pid).Order());
        stages.ShouldAllBe(stage => ProcessTable.ChildrenOf(_cluster.ProcessId).Contains(stage.Pid));
        stages[0].Layers.First.ShouldBe(0);
        stages[^1].Layers.End.ShouldBe(8);
        stages.Zip(stages.Skip(1)).ShouldAllBe(pair => pair.First.Layers.End == pair.Second.Layers.First);
    }

    [Fact]
    public async Task Status_WhenReady_ShowsTheSilosAndExitsWithZero()
    {
        var (exitCode, output) = await ClusterProcess.RunToolAsync("status", "--url", _cluster.Url.ToString());

        exitCode.ShouldBe(0);
        output.ShouldContain("gpu-cloud");
        output.ShouldContain("pi-hat");
        output.ShouldContain("Ready.");
    }

    [Fact]
    public async Task Up_WhenReady_PrintsACurlLineThatWorks()
    {
        var curl = _cluster.Lines.Single(line => line.TrimStart().StartsWith("curl ", StringComparison.Ordinal));
        var body = curl[(curl.IndexOf("-d '", StringComparison.Ordinal) + 4)..curl.LastIndexOf('\'')];
        using var client = _cluster.CreateHttpClient();

        using var response = await client.PostAsync(
            curl.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], new StringContent(body, null, "application/json"), TestContext.Current.CancellationToken);

        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("15");
    }

    [Fact]
    public async Task Logs_WhenAPromptWasServed_DoNotHoldIt()
    {
        const string Marker = "zebrafish umbrella ninety";
        await _cluster.CreateChatClient().AskAsync($"Repeat after me: {Marker}");
        using var client = _cluster.CreateHttpClient();
        using var refused = await client.PostAsync(
            "/v1/chat/completions", new StringContent($$"""{"model":"pebble","messages":[{"role":"nobody","content":"{{Marker}}"}]}"""),
            TestContext.Current.CancellationToken);

        var logs = _cluster.Logs() + string.Join('\n', _cluster.Lines);

        logs.ShouldContain("== ");
        logs.ShouldNotContain(Marker);
        logs.ShouldNotContain("zebrafish");
    }
}
