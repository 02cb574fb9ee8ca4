using OrleansInference.DataPlane.Generation;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Engines.LlamaCpp;

namespace OrleansInference.Silo.Tests.Engines;

/// <summary>With cells of its own for every slot a batch is computed in passes, and nothing of that shows in what comes out.</summary>
public sealed class SlotCellsTests(TestModels models)
{
    private static readonly SamplingParameters s_seeded =
        new() { Temperature = 0.9f, TopK = 40, TopP = 0.95f, RepeatPenalty = 1.1f, Seed = 42 };

    private static readonly SamplingParameters[] s_samplings =
        [SamplingParameters.Greedy, s_seeded, s_seeded with { Seed = 1 }, SamplingParameters.Greedy];

    /// <summary>Neighbours, a gap, and the last, so that batches fall into several passes; the order is not theirs.</summary>
    private static readonly int[] s_slots = [2, 1, 7, 5];

    [Theory]
    [InlineData(1, 32_768, false, false)]
    [InlineData(8, 8 * 256, false, true)]
    [InlineData(8, 8 * 200, false, false)]
    [InlineData(16, 16 * 1_280, false, true)]
    [InlineData(16, 16 * 1_280, true, false)]
    [InlineData(16, 16 * 2_048, true, true)]
    [InlineData(8, 8 * 4_096, false, true)]
    [InlineData(8, (8 * 4_096) + 256, false, false)]
    [InlineData(4, 4 * 10_000, false, false)]
    public void IsPerSlot_WhenSharesAreWholeAndSlotsCanMoveOrAreLarge_IsTrue(int slots, int cells, bool hasWindow, bool expected) =>
        KvLayout.IsPerSlot(slots, cells, hasWindow).ShouldBe(expected);

    [Theory]
    [InlineData("pebble", 512)]
    [InlineData("pebble", SlicedModel.CellsForEachSlot)]
    [InlineData("tiny-llama Q8_0", SlicedModel.CellsForEachSlot)]
    [InlineData("tiny-gemma3 F32", SlicedModel.CellsForEachSlot)]
    public async Task Slices_WhenBatchesAreRagged_DrawWhatEachSequenceDrawsAlone(string name, int cells)
    {
        var model = await models.GetAsync(name);
        await using var whole = new WholeModel(model);
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 3, cells: cells);
        var prompts = Prompts(model);

        var ragged = await Conversation.RunRaggedAsync(sliced, prompts, s_samplings, slots: s_slots);

        for (var index = 0; index < prompts.Length; index++)
        {
            var actual = ragged.Where(one => one.Token.Slot == s_slots[index]).Select(one => one.Token.Token).ToList();
            var alone = await Conversation.RunAsync(whole, s_slots[index], prompts[index], actual.Count, s_samplings[index]);
            actual.Count.ShouldBeGreaterThan(6);
            actual.ShouldBe(alone.Select(one => one.Token.Token));
        }
    }

    [Theory]
    [InlineData("pebble")]
    [InlineData("tiny-qwen3moe Q8_0")]
    public async Task Slices_WhenBatchesAreRagged_EqualOneSliceBitForBit(string name)
    {
        var model = await models.GetAsync(name);
        await using var one = await SlicedModel.LoadAsync(models, model, slices: 1, cells: SlicedModel.CellsForEachSlot);
        await using var three = await SlicedModel.LoadAsync(models, model, slices: 3, cells: SlicedModel.CellsForEachSlot);

        var expected = await Conversation.RunRaggedAsync(one, Prompts(model), s_samplings, slots: s_slots);
        var actual = await Conversation.RunRaggedAsync(three, Prompts(model), s_samplings, slots: s_slots);

        actual.ShouldEqual(expected);
    }

    [Theory]
    [InlineData("pebble")]
    [InlineData("tiny-gemma3 F32")]
    public async Task Slices_WhenASequenceIsAlone_EqualTheWholeModelBitForBit(string name)
    {
        var model = await models.GetAsync(name);
        var prompt = model.Prompt(seed: 7, length: 45);
        await using var whole = new WholeModel(model);
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 3, cells: SlicedModel.CellsForEachSlot);

        var expected = await Conversation.RunAsync(whole, slot: 3, prompt, count: 12, s_seeded);
        var actual = await Conversation.RunAsync(sliced, slot: 3, prompt, count: 12, s_seeded);

        actual.ShouldEqual(expected);
    }

    private static int[][] Prompts(TestModel model) => [model.Prompt(1, 3), model.Prompt(2, 31), model.Prompt(3, 12), model.Prompt(4, 20)];
}
