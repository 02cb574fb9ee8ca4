using OrleansInference.DataPlane.Generation;
using OrleansInference.Silo.Tests.Engines;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>llama.cpp behind the whole of head, ring and data plane: the same tokens as the unsplit model in one bare context.</summary>
public sealed class RealModelTests(TestModels models)
{
    private const int TokenCount = 24;
    private const int ChunkRows = 20;

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
            await using var ring = await TestRing.StartReadyAsync(model, models.Factory(), stages, prefixReuse: false);
            await using var gateway = await ring.ConnectAsync();
            ShouldBe(await CompleteAsync(gateway, prompt, s_greedy), greedy);
            ShouldBe(await CompleteAsync(gateway, prompt, s_seeded), seeded);
        }
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
