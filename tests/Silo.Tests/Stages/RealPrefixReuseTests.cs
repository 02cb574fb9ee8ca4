using System.Diagnostics;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Silo.Tests.Engines;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>llama.cpp's cells, taken over and copied: the tokens are those of a ring that computes everything.</summary>
public sealed class RealPrefixReuseTests(TestModels models)
{
    private static readonly SamplingParameters s_greedy = new() { Temperature = 0, LogProbabilities = true };

    private static readonly SamplingParameters s_seeded = new()
    {
        Temperature = 0.8f, TopK = 40, TopP = 0.95f, RepeatPenalty = 1.1f, Seed = 42, LogProbabilities = true,
    };

    private static readonly Dictionary<string, string?> s_noReuse = new() { ["Generation:PrefixReuse"] = "false" };

    private static readonly string[] s_turns =
        ["Tell me a story about a fox.", "What is 9 plus 13?", "Count from 2 to 9.", "What is the capital of France?"];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Conversation_WhenItGoesOn_SaysWhatItWouldSayWithoutReuse(int stages)
    {
        var model = await models.GetAsync("pebble");
        await using var reusing = await TestRing.StartReadyAsync(model, models.Factory(), stages);
        await using var computing = await TestRing.StartReadyAsync(model, models.Factory(), stages, more: s_noReuse);
        await using var first = await reusing.ConnectAsync();
        await using var second = await computing.ConnectAsync();

        foreach (var sampling in new[] { s_greedy, s_seeded })
        {
            var messages = new List<ChatMessage>();
            var lastPrompt = 0;
            foreach (var turn in s_turns)
            {
                messages.Add(new ChatMessage("user", turn));
                var request = new GenerationRequest { Messages = [.. messages], Sampling = sampling, MaximumTokens = 30 };
                var (reused, computed) = (await CompleteAsync(first, request), await CompleteAsync(second, request));

                ShouldBeTheSame(reused, computed);
                if (lastPrompt > 0)
                    reused.Finish.CachedTokens.ShouldBeGreaterThanOrEqualTo(lastPrompt - 1);
                lastPrompt = reused.Finish.PromptTokens;
                messages.Add(new ChatMessage("assistant", reused.Text));
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Questions_WhenTheyShareAHistory_AreAnsweredAsWithoutReuse(int stages)
    {
        var model = await models.GetAsync("pebble");
        await using var reusing = await TestRing.StartReadyAsync(model, models.Factory(), stages, slots: 3);
        await using var computing = await TestRing.StartReadyAsync(model, models.Factory(), stages, slots: 3, more: s_noReuse);
        await using var first = await reusing.ConnectAsync();
        await using var second = await computing.ConnectAsync();
        ChatMessage[] history =
        [
            new("user", "My name is Nia."), new("assistant", "Nice to meet you, Nia."),
            new("user", "What is my name?"), new("assistant", "Your name is Nia."),
        ];
        // Answers of which the model is sure: other batches change logits a little, which may turn a choice between equals.
        string[] questions = ["What is 9 plus 13?", "Count from 2 to 9.", "What is the capital of France?", "What is the opposite of hot?"];

        foreach (var sampling in new[] { s_greedy, s_seeded })
        {
            GenerationRequest Ask(string question, int tokens) =>
                new() { Messages = [.. history, new ChatMessage("user", question)], Sampling = sampling, MaximumTokens = tokens };
            // The others begin while the first runs, on fewer slots than there are questions.
            var running = await first.SendAsync(Ask("Tell me a story about a fox.", 60));
            await Eventually.AsyncIs(() => running.Tokens.Count > 0, "the first question is being answered");
            var reused = await Task.WhenAll(questions.Select(question => CompleteAsync(first, Ask(question, 20))));
            (await running.Finished.Within()).Error.ShouldBeNull();

            for (var number = 0; number < questions.Length; number++)
                ShouldBeTheSame(reused[number], await CompleteAsync(second, Ask(questions[number], 20)));
            reused.ShouldAllBe(one => one.Finish.CachedTokens > one.Finish.PromptTokens / 2);
        }
    }

    [Theory]
    [InlineData("pebble")]
    [InlineData("tiny-qwen3 F32")]
    [InlineData("tiny-gemma3 F32")]
    public async Task Prompts_WhenManyBeginAlike_AreContinuedAsWithoutReuse(string name)
    {
        var model = await models.GetAsync(name);
        await using var reusing = await TestRing.StartReadyAsync(model, models.Factory(), stages: 2, slots: 3);
        await using var computing = await TestRing.StartReadyAsync(model, models.Factory(), stages: 2, slots: 3, more: s_noReuse);
        await using var first = await reusing.ConnectAsync();
        await using var second = await computing.ConnectAsync();
        var shared = model.Prompt(seed: 3, length: 90);
        // Three at once on three slots: copied from each other while they run, taken over, and pushed out.
        var requests = Enumerable.Range(0, 12).Select(number => new GenerationRequest
        {
            PromptTokens = [.. shared.Take(90 - number % 4 * 20), .. model.Prompt(seed: 100 + number % 5, length: 12)],
            Sampling = (number % 2 == 0 ? s_greedy : s_seeded) with { TopLogProbabilities = 20 },
            MaximumTokens = 8 + number,
            PrefillChunkRows = 16,
        }).ToList();

        var cached = 0;
        foreach (var three in requests.Chunk(3))
        {
            var reused = await Task.WhenAll(three.Select(request => CompleteAsync(first, request)));
            var computed = await Task.WhenAll(three.Select(request => CompleteAsync(second, request)));
            for (var index = 0; index < three.Length; index++)
                ShouldBeNear(reused[index], computed[index]);
            cached += reused.Sum(completion => completion.Finish.CachedTokens);
        }

        if (name.Contains("gemma3", StringComparison.Ordinal))
            cached.ShouldBe(0, "a window allows whole continuations only, and none of these is one");
        else
            cached.ShouldBeGreaterThan(200);
    }

    [Fact]
    public async Task Prompt_WhenItContinuesAllOfASlotOfAWindowedModel_StartsFromIt()
    {
        var model = await models.GetAsync("tiny-gemma3 F32");
        await using var reusing = await TestRing.StartReadyAsync(model, models.Factory(), stages: 2, slots: 3);
        await using var computing = await TestRing.StartReadyAsync(model, models.Factory(), stages: 2, slots: 3, more: s_noReuse);
        await using var first = await reusing.ConnectAsync();
        await using var second = await computing.ConnectAsync();
        var tokens = model.Prompt(seed: 3, length: 120);

        for (var turn = 0; turn < 3; turn++)
        {
            var request = new GenerationRequest { PromptTokens = [.. tokens], Sampling = s_greedy, MaximumTokens = 12 };
            var (reused, computed) = (await CompleteAsync(first, request), await CompleteAsync(second, request));
            ShouldBeTheSame(reused, computed);
            if (turn > 0)
                reused.Finish.CachedTokens.ShouldBeGreaterThan(120);
            tokens = [.. tokens, .. reused.Tokens.Select(token => token.Token), .. model.Prompt(seed: turn, length: 10)];
        }
    }

    [Fact]
    public async Task SecondTurn_WhenTheHistoryHasAThousandTokens_ComputesHardlyAnyOfThem()
    {
        var model = await models.GetAsync("pebble");
        await using var ring = await TestRing.StartReadyAsync(model, models.Factory(), stages: 2, context: 1280);
        await using var gateway = await ring.ConnectAsync();
        var ratios = new List<(double Wall, double Processor)>();
        for (var round = 0; round < 5; round++)
        {
            var history = model.Prompt(seed: round, length: 1000);
            var first = await MeasureAsync(gateway, history);
            var second = await MeasureAsync(gateway, [.. history, .. model.Prompt(seed: 100 + round, length: 24)]);
            second.Completion.Finish.CachedTokens.ShouldBe(1000);
            ratios.Add((second.Wall / first.Wall, second.Processor / first.Processor));
        }

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"A second turn on a history of 1,000 tokens begins after {ratios.Select(one => one.Wall).Order().ElementAt(2):P1} of the "
            + $"first one's time, with {ratios.Select(one => one.Processor).Order().ElementAt(2):P1} of its processor time (medians of 5).");
    }

    /// <summary>Seconds until the first token, and processor seconds of this process.</summary>
    private static async Task<(TestCompletion Completion, double Wall, double Processor)> MeasureAsync(TestGateway gateway, int[] prompt)
    {
        var (watch, processor) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        var completion = await CompleteAsync(
            gateway, new GenerationRequest { PromptTokens = [.. prompt], Sampling = s_greedy, MaximumTokens = 1 });
        return (completion, watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
    }

    private static async Task<TestCompletion> CompleteAsync(TestGateway gateway, GenerationRequest request)
    {
        var completion = await gateway.SendAsync(request);
        await completion.Finished.Within();
        return completion;
    }

    /// <summary>
    /// Other batches give other last bits, which the likeliest tokens after random text do not survive for long. A row out of place would
    /// leave hardly any of them.
    /// </summary>
    private static void ShouldBeNear(TestCompletion reused, TestCompletion computed)
    {
        reused.Finish.Error.ShouldBeNull();
        computed.Finish.CachedTokens.ShouldBe(0);
        var expected = computed.Tokens[0].Alternatives.ToDictionary(one => one.Token, one => one.LogProbability);
        var both = reused.Tokens[0].Alternatives.Where(one => expected.ContainsKey(one.Token)).ToList();
        both.Count.ShouldBeGreaterThan(16);
        both.ShouldAllBe(one => Math.Abs(one.LogProbability - expected[one.Token]) < 0.25);
    }

    private static void ShouldBeTheSame(TestCompletion reused, TestCompletion computed)
    {
        reused.Finish.Error.ShouldBeNull();
        computed.Finish.CachedTokens.ShouldBe(0);
        (reused.Text, reused.Finish.Reason, reused.Finish.CompletionTokens)
            .ShouldBe((computed.Text, computed.Finish.Reason, computed.Finish.CompletionTokens));
        reused.Tokens.Select(token => token.Token).ShouldBe(computed.Tokens.Select(token => token.Token));
    }
}
