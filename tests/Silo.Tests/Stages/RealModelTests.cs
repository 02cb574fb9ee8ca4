using OrleansInference.DataPlane.Generation;
using OrleansInference.Silo.Tests.Engines;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>llama.cpp behind the whole of head, ring and data plane: the same tokens as the unsplit model in one bare context.</summary>
public sealed class RealModelTests(TestModels models)
{
    private const int TokenCount = 24;
    private const int ChunkRows = 20;

    private static readonly Dictionary<string, string?> s_noReuse = new() { ["Generation:PrefixReuse"] = "false" };

    private static readonly SamplingParameters s_greedy = new() { Temperature = 0, LogProbabilities = true };

    private static readonly SamplingParameters s_seeded = new()
    {
        Temperature = 0.9f, TopK = 40, TopP = 0.95f, RepeatPenalty = 1.1f, Seed = 42, LogProbabilities = true,
    };

    [Theory]
    [InlineData("pebble")]
    [InlineData("tiny-qwen3 Q8_0")]
    [InlineData("tiny-gemma3 F32")]
    public async Task Ring_WhenARealModelIsSplit_DrawsTheWholeModelsTokens(string name)
    {
        var model = await models.GetAsync(name);
        var prompt = model.Prompt(seed: 7, length: 45);
        await using var whole = new WholeModel(model);
        var greedy = await Conversation.RunAsync(whole, slot: 0, prompt, TokenCount, s_greedy, ChunkRows);
        var seeded = await Conversation.RunAsync(whole, slot: 1, prompt, TokenCount, s_seeded, ChunkRows);

        foreach (var stages in new[] { 1, 2, 3, Math.Min(8, model.Manifest.LayerCount) })
        {
            // With reuse the second prompt would be computed in other batches, and so to other last bits.
            await using var ring = await TestRing.StartReadyAsync(model, models.Factory(), stages, more: s_noReuse);
            await using var gateway = await ring.ConnectAsync();
            ShouldBe(await CompleteAsync(gateway, prompt, s_greedy), greedy);
            ShouldBe(await CompleteAsync(gateway, prompt, s_seeded), seeded);
        }
    }

    [Theory]
    [InlineData("pebble", 1, 0, 4)]
    [InlineData("pebble", 2, 0, 1)]
    [InlineData("pebble", 3, 0, 4)]
    [InlineData("pebble", 2, 1, 1)]
    [InlineData("pebble", 2, 1, 6)]
    [InlineData("tiny-qwen3 Q8_0", 3, 0, 4)]
    public async Task Ring_WhenTextRepeatsItself_DrawsTheSameTokensHoweverManyAreGuessed(
        string name, int stages, int batchesInFlight, int draftRows)
    {
        var model = await models.GetAsync(name);
        int[] block = model.Prompt(seed: 3, length: 9);
        int[] prompt = [.. block, .. block, .. block, .. block, .. block];
        await using var whole = new WholeModel(model);
        // Drawn from three tokens, a text often goes on as it did before, and often does not.
        var few = s_greedy with { LogitBias = [.. block.Distinct().Take(3).Select(token => new LogitBias(token, 100))] };
        SamplingParameters[] samplings =
        [
            s_greedy, s_seeded, few, few with { Temperature = 0.8f, Seed = 5 },
            few with { Temperature = 0.5f, Seed = 6, PresencePenalty = 0.3f, FrequencyPenalty = 0.2f, RepeatPenalty = 1.1f, PenaltyWindow = 12 },
        ];
        var expected = new List<List<Drawn>>();
        for (var slot = 0; slot < samplings.Length; slot++)
            expected.Add(await Conversation.RunAsync(whole, slot, prompt, TokenCount, samplings[slot], ChunkRows));
        var (drafted, accepted) = (0, 0);

        foreach (var guesses in new[] { 0, 1, 8 })
        {
            var settings = new Dictionary<string, string?>(s_noReuse)
            {
                ["Generation:DraftTokens"] = $"{guesses}", ["Generation:BatchesInFlight"] = $"{batchesInFlight}",
                ["Generation:DraftRows"] = $"{draftRows}",
            };
            await using var ring = await TestRing.StartReadyAsync(model, models.Factory(), stages, more: settings);
            await using var gateway = await ring.ConnectAsync();
            for (var index = 0; index < samplings.Length; index++)
            {
                var completion = await CompleteAsync(gateway, prompt, samplings[index]);
                ShouldBe(completion, expected[index]);
                (completion.Finish.DraftedTokens == 0 || guesses > 0).ShouldBeTrue();
                (drafted, accepted) = (drafted + completion.Finish.DraftedTokens, accepted + completion.Finish.AcceptedTokens);
            }
        }

        if (batchesInFlight == 1 && draftRows == 1)
            drafted.ShouldBe(0, "nothing is under way beside the row that is known");
        else if (batchesInFlight == 1 || stages == 1)
            drafted.ShouldBeGreaterThan(0, "beside a known row guesses are tried; whether again goes by the time that they took");
        else
            accepted.ShouldBeInRange(10, drafted - 10, "guesses were right and wrong");
    }

    [Fact]
    public async Task Ring_WhenManyChatsRun_GivesEachASensibleAnswer()
    {
        var model = await models.GetAsync("pebble");
        await using var ring = await TestRing.StartReadyAsync(model, models.Factory(), stages: 3);
        await using var gateway = await ring.ConnectAsync();

        var completions = new List<TestCompletion>();
        for (var number = 0; number < 8; number++)
        {
            completions.Add(await gateway.SendAsync(new GenerationRequest
            {
                Messages = [new ChatMessage("user", $"What is {number + 1} plus 4?")],
                Sampling = SamplingParameters.Greedy,
                MaximumTokens = 40,
            }));
        }
        await Task.WhenAll(completions.Select(completion => completion.Finished)).Within();

        for (var number = 0; number < 8; number++)
        {
            completions[number].Finish.Reason.ShouldBe(FinishReason.Stop);
            completions[number].Text.ShouldContain($"{number + 5}");
        }
    }

    [Theory]
    [InlineData("F16")]
    [InlineData("Q8")]
    public async Task Ring_WhenRowsTravelInFewerBits_StillAnswersAndEnds(string elementType)
    {
        var model = await models.GetAsync("pebble");
        var settings = new Dictionary<string, string?> { ["DataPlane:ElementType"] = elementType };
        await using var ring = await TestRing.StartReadyAsync(model, models.Factory(), stages: 3, more: settings);
        await using var gateway = await ring.ConnectAsync();

        var completions = new List<TestCompletion>();
        for (var number = 0; number < 4; number++)
        {
            completions.Add(await gateway.SendAsync(new GenerationRequest
            {
                Messages = [new ChatMessage("user", $"What is {number + 1} plus 4?")],
                Sampling = SamplingParameters.Greedy,
                MaximumTokens = 40,
            }));
        }
        await Task.WhenAll(completions.Select(completion => completion.Finished)).Within();

        foreach (var completion in completions)
        {
            completion.Finish.Reason.ShouldBe(FinishReason.Stop);
            completion.Text.ShouldNotBeEmpty();
        }
        // Half precision is far below what decides pebble's answers.
        if (elementType == "F16")
            completions.Select((completion, number) => completion.Text.Contains($"{number + 5}")).ShouldAllBe(isRight => isRight);
    }

    [Fact]
    public async Task Ring_WhenHiddenRowsAreBeyondAHalf_DrawsTheWholeModelsTokensInF16()
    {
        var model = await models.GetAsync("tiny-gemma3 F32 loud");
        var prompt = model.Prompt(seed: 7, length: 20);
        await using var whole = new WholeModel(model);
        var expected = await Conversation.RunAsync(whole, slot: 0, prompt, TokenCount, s_greedy, ChunkRows);
        var settings = new Dictionary<string, string?>(s_noReuse) { ["DataPlane:ElementType"] = "F16" };
        await using var ring = await TestRing.StartReadyAsync(model, models.Factory(), stages: 2, more: settings);
        await using var gateway = await ring.ConnectAsync();

        var completion = await CompleteAsync(gateway, prompt, s_greedy);

        completion.Finish.Error.ShouldBeNull();
        completion.Tokens.Select(token => token.Token).ShouldBe(expected.Select(drawn => drawn.Token.Token));
        for (var index = 0; index < TokenCount; index++)
            completion.Tokens[index].LogProbability.ShouldBe(expected[index].Token.LogProbability, tolerance: 0.01);
    }

    private static async Task<TestCompletion> CompleteAsync(TestGateway gateway, int[] prompt, SamplingParameters sampling)
    {
        var completion = await gateway.SendAsync(new GenerationRequest
        {
            PromptTokens = [.. prompt],
            Sampling = sampling,
            MaximumTokens = TokenCount,
            PrefillChunkRows = ChunkRows,
        });
        await completion.Finished.Within();
        return completion;
    }

    /// <summary>The same tokens with the same log probabilities, up to where a token ended the completion.</summary>
    private static void ShouldBe(TestCompletion completion, List<Drawn> expected)
    {
        completion.Finish.Error.ShouldBeNull();
        if (completion.Finish.Reason == FinishReason.Length)
            completion.Tokens.Count.ShouldBe(TokenCount);
        completion.Tokens.Count.ShouldBeGreaterThan(0);
        completion.Tokens.Select(token => (token.Token, token.LogProbability))
            .ShouldBe(expected.Take(completion.Tokens.Count).Select(drawn => (drawn.Token.Token, drawn.Token.LogProbability)));
    }
}
