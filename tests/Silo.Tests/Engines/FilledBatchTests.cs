using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Tests.Engines;

/// <summary>Batches that are filled up to whole tiles yield what they yield as they are, and leave the neighbours as they were.</summary>
public sealed class FilledBatchTests(TestModels models)
{
    private static readonly SamplingParameters s_seeded =
        new() { Temperature = 0.9f, TopK = 40, TopP = 0.95f, RepeatPenalty = 1.1f, Seed = 42 };

    [Theory]
    [InlineData("pebble", 1, 3)]
    [InlineData("pebble", 3, 3)]
    [InlineData("pebble", 2, 2)]
    [InlineData("pebble", 2, 6)]
    [InlineData("tiny-llama Q8_0", 2, 7)]
    [InlineData("tiny-llama Q4_0", 2, 3)]
    [InlineData("tiny-qwen3moe Q8_0", 2, 3)]
    public async Task Streams_WhenTheirBatchesAreFilled_DrawWhatTheyDrawAlone(string name, int slices, int streams)
    {
        var model = await models.GetAsync(name);
        await using var whole = new WholeModel(model);
        await using var filled = await LoadAsync(model, slices, fillsBatches: true);
        await using var plain = await LoadAsync(model, slices, fillsBatches: false);
        var prompts = Enumerable.Range(0, streams).Select(slot => model.Prompt(seed: slot, length: 10 + slot)).ToArray();

        var drawn = await RunTogetherAsync(filled, prompts, count: 8);
        var expected = await RunTogetherAsync(plain, prompts, count: 8);

        filled.Stages.ShouldAllBe(stage => stage.FillCount == 4 - streams % 4);
        plain.Stages.ShouldAllBe(stage => stage.FillCount == 0);
        for (var slot = 0; slot < streams; slot++)
        {
            drawn[slot].Count.ShouldBe(8);
            drawn[slot].Select(one => one.Token).ShouldBe(expected[slot].Select(one => one.Token));
            var alone = await Conversation.RunAsync(whole, slot, prompts[slot], count: 8, s_seeded);
            drawn[slot].Select(one => one.Token.Token).ShouldBe(alone.Select(one => one.Token.Token));
        }
    }

    [Fact]
    public async Task Neighbour_WhoseRowsFillBatches_KeepsWhatItHoldsAndGoesOn()
    {
        var model = await models.GetAsync("pebble");
        await using var whole = new WholeModel(model);
        await using var filled = await LoadAsync(model, slices: 2, fillsBatches: true);
        var kept = model.Prompt(seed: 9, length: 40);
        var expected = await Conversation.RunAsync(whole, slot: 0, kept, count: 12);
        var drawn = await Conversation.RunAsync(filled, slot: 3, kept, count: 4);
        var states = await ExportAsync();

        await RunTogetherAsync(filled, [.. Enumerable.Range(0, 3).Select(slot => model.Prompt(seed: slot, length: 12))], count: 8);

        filled.Stages.ShouldAllBe(stage => stage.FillCount == 1);
        (await ExportAsync()).ShouldBe(states);
        await Conversation.ContinueAsync(filled, slot: 3, drawn, count: 8);
        drawn.Select(one => one.Token.Token).ShouldBe(expected.Select(one => one.Token.Token));

        async Task<byte[][]> ExportAsync() => [await filled.Stages[0].ExportAsync(3), await filled.Stages[1].ExportAsync(3)];
    }

    [Fact]
    public async Task Neighbour_WhoIsFull_IsLeftAlone()
    {
        var model = await models.GetAsync("pebble");
        await using var filled = await LoadAsync(model, slices: 1, fillsBatches: true);
        await using var plain = await LoadAsync(model, slices: 1, fillsBatches: false);
        foreach (var runner in new[] { filled, plain })
        {
            foreach (var slot in new[] { 3, 7 })
                await Conversation.RunAsync(runner, slot, model.Prompt(seed: slot, length: 256), count: 1, chunk: 64);
        }
        var prompts = Enumerable.Range(0, 3).Select(slot => model.Prompt(seed: slot, length: 12)).ToArray();

        var drawn = await RunTogetherAsync(filled, prompts, count: 8);

        filled.Stages[0].FillCount.ShouldBe(0);
        drawn.SelectMany(one => one).Select(one => one.Token)
            .ShouldBe((await RunTogetherAsync(plain, prompts, count: 8)).SelectMany(one => one).Select(one => one.Token));
        Should.Throw<ArgumentException>(() => filled.DecodeAsync([new BatchRow(3, 256, true)], [1])).Message.ShouldContain("256 cells");
    }

    private Task<SlicedModel> LoadAsync(TestModel model, int slices, bool fillsBatches) =>
        SlicedModel.LoadAsync(models, model, slices, cells: SlicedModel.CellsForEachSlot, fillsBatches: fillsBatches);

    /// <summary>In the first slots.</summary>
    private static Task<List<Drawn>[]> RunTogetherAsync(SlicedModel runner, int[][] prompts, int count) =>
        Conversation.RunTogetherAsync(runner, [.. Enumerable.Range(0, prompts.Length)], prompts, count, s_seeded);
}
