using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Silo.Tests.Engines;

/// <summary>Slices compute what the whole model computes, to the bit, when they are given the same batches.</summary>
public sealed class ExactnessTests(TestModels models)
{
    private static readonly SamplingParameters s_seeded = new()
    {
        Temperature = 0.9f, TopK = 40, TopP = 0.95f, MinP = 0.01f,
        RepeatPenalty = 1.1f, FrequencyPenalty = 0.2f, PresencePenalty = 0.1f, Seed = 42,
    };

    public static TheoryData<string> Names()
    {
        string[] shapes =
            ["tiny-llama", "tiny-llama-tied", "tiny-mistral", "tiny-qwen2", "tiny-qwen3", "tiny-qwen3moe", "tiny-gemma3", "tiny-phi3"];
        return ["pebble", .. shapes.SelectMany(shape => new[] { $"{shape} F32", $"{shape} Q8_0" })];
    }

    [Theory, MemberData(nameof(Names))]
    public async Task Slices_WhenDecodingGreedilyAndSeeded_EqualTheWholeModelBitForBit(string name)
    {
        var model = await models.GetAsync(name);
        var prompt = model.Prompt(seed: 7, length: 45);
        await using var whole = new WholeModel(model);
        var greedy = await Conversation.RunAsync(whole, slot: 0, prompt, count: 12);
        // In another slot, beside what the first left in the cache.
        var seeded = await Conversation.RunAsync(whole, slot: 3, prompt, count: 12, s_seeded);
        seeded.Select(one => one.Token.Token).ShouldNotBe(greedy.Select(one => one.Token.Token));

        foreach (var slices in new[] { 1, 2, 3, 8 })
        {
            await using var sliced = await SlicedModel.LoadAsync(models, model, slices);
            sliced.Stages.Count.ShouldBe(slices);
            (await Conversation.RunAsync(sliced, slot: 0, prompt, count: 12)).ShouldEqual(greedy);
            (await Conversation.RunAsync(sliced, slot: 3, prompt, count: 12, s_seeded)).ShouldEqual(seeded);
        }
    }

    [Theory]
    [InlineData("pebble")]
    [InlineData("tiny-llama Q8_0")]
    [InlineData("tiny-gemma3 F32")]
    [InlineData("tiny-qwen3moe Q8_0")]
    public async Task Slices_WhenBatchesAreRagged_EqualTheWholeModelBitForBit(string name)
    {
        var model = await models.GetAsync(name);
        await using var whole = new WholeModel(model);
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 3);
        int[][] prompts = [model.Prompt(1, 3), model.Prompt(2, 31), model.Prompt(3, 12), model.Prompt(4, 20)];
        SamplingParameters[] samplings = [SamplingParameters.Greedy, s_seeded, s_seeded with { Seed = 1 }, SamplingParameters.Greedy];

        var expected = await Conversation.RunRaggedAsync(whole, prompts, samplings);
        var actual = await Conversation.RunRaggedAsync(sliced, prompts, samplings);

        actual.Count.ShouldBeGreaterThan(40);
        actual.ShouldEqual(expected);
    }

    [Fact]
    public async Task Slices_WhenTwoThreadsCompute_GiveTheWholeModelsTokens()
    {
        var model = await models.GetAsync("pebble");
        await using var whole = new WholeModel(model, threads: 2);
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 2, threads: 2);
        var prompt = model.Prompt(seed: 9, length: 30);

        var expected = await Conversation.RunAsync(whole, 0, prompt, 10);
        var actual = await Conversation.RunAsync(sliced, 0, prompt, 10);

        actual.Select(one => one.Token.Token).ShouldBe(expected.Select(one => one.Token.Token));
    }
}
