using OpenAI.Chat;
using OrleansInference.Cluster.Tests.Processes;

namespace OrleansInference.Cluster.Tests;

/// <summary>Chat turns over HTTP: each starts from what the one before it left, and says what it would say without.</summary>
public sealed class PrefixReuseTests(ThreeSiloFixture fixture)
{
    private static readonly string[] Turns =
        ["Tell me a story about a fox.", "What is 9 plus 13?", "Count from 2 to 9.", "What is the capital of France?"];

    [Fact]
    public async Task SecondTurn_WhenAConversationGoesOn_IsCachedAndSaysTheSame()
    {
        var three = await ConverseAsync(fixture.Cluster);
        List<Turn> one, without;
        await using (var cluster = await ClusterProcess.StartAsync(ClusterSettings.OneSilo))
            one = await ConverseAsync(cluster);
        await using (var cluster = await ClusterProcess.StartAsync(ClusterSettings.OneSilo.WithoutPrefixReuse()))
            without = await ConverseAsync(cluster);

        without.ShouldAllBe(turn => turn.CachedTokens == 0);
        foreach (var turns in new[] { one, three })
        {
            turns.Select(turn => turn.Text).ShouldBe(without.Select(turn => turn.Text));
            turns.Select(turn => turn.PromptTokens).ShouldBe(without.Select(turn => turn.PromptTokens));
            for (var turn = 1; turn < turns.Count; turn++)
                turns[turn].CachedTokens.ShouldBeGreaterThanOrEqualTo(turns[turn - 1].PromptTokens - 1, $"turn {turn}");
        }
    }

    [Fact]
    public async Task Metrics_WhenTurnsWereCached_ShowHowMany()
    {
        using var http = fixture.Cluster.CreateHttpClient();
        var before = await CounterAsync(http, "oinf_gateway_cached_prompt_tokens_total");
        var total = await CounterAsync(http, "oinf_gateway_prompt_tokens_total");

        var turns = await ConverseAsync(fixture.Cluster, "Repeat after me: lantern crab uma kite");

        (await CounterAsync(http, "oinf_gateway_cached_prompt_tokens_total") - before)
            .ShouldBeGreaterThanOrEqualTo(turns.Sum(turn => turn.CachedTokens));
        (await CounterAsync(http, "oinf_gateway_prompt_tokens_total") - total)
            .ShouldBeGreaterThanOrEqualTo(turns.Sum(turn => turn.PromptTokens));
    }

    private static async Task<List<Turn>> ConverseAsync(ClusterProcess cluster, string opening = "My name is Nia.")
    {
        var client = cluster.CreateChatClient();
        var options = new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 40 };
        var messages = new List<ChatMessage> { new UserChatMessage(opening) };
        var turns = new List<Turn>();
        foreach (var next in Turns)
        {
            ChatCompletion answer = await client.CompleteChatAsync(messages, options, TestContext.Current.CancellationToken);
            var text = answer.Content.Count == 0 ? "" : answer.Content[0].Text;
            turns.Add(new Turn(text, answer.Usage.InputTokenCount, answer.Usage.InputTokenDetails.CachedTokenCount));
            messages.Add(new AssistantChatMessage(text));
            messages.Add(new UserChatMessage(next));
        }
        return turns;
    }

    private static async Task<long> CounterAsync(HttpClient http, string name)
    {
        var metrics = await http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        return long.Parse(metrics.Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal)).Split(' ')[1], null);
    }

    private sealed record Turn(string Text, int PromptTokens, int CachedTokens);
}
