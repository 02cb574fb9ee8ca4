using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Engines.LlamaCpp;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Tests.Engines;

/// <summary>Slots that wait leave a cache that all share, and nothing of that shows in what comes out.</summary>
public sealed class ParkedSlotsTests(TestModels models)
{
    private const int Slot = 2;

    private static readonly SamplingParameters s_seeded =
        new() { Temperature = 0.9f, TopK = 40, TopP = 0.95f, RepeatPenalty = 1.1f, Seed = 42 };

    [Theory]
    [InlineData("pebble", 1)]
    [InlineData("pebble", 3)]
    [InlineData("tiny-qwen3moe Q8_0", 2)]
    public async Task Sequence_WhenItWasParked_GoesOnBitForBit(string name, int slices)
    {
        var model = await models.GetAsync(name);
        var prompt = model.Prompt(seed: 7, length: 45);
        await using var whole = new WholeModel(model);
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices);
        var expected = await Conversation.RunAsync(whole, Slot, prompt, count: 16, s_seeded);

        var drawn = await Conversation.RunAsync(sliced, Slot, prompt, count: 6, s_seeded);
        await ParkAsync(sliced);
        sliced.Stages.ShouldAllBe(stage => stage.ParkedBytes > 0);
        await Conversation.ContinueAsync(sliced, Slot, drawn, count: 10);

        drawn.ShouldEqual(expected);
        sliced.Stages.ShouldAllBe(stage => stage.ParkedBytes == 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Sequence_WhenAParkedOneIsCopiedOrCutShort_GoesOnFromThere(bool isCopied)
    {
        var model = await models.GetAsync("pebble");
        var prompt = model.Prompt(seed: 7, length: 45);
        await using var whole = new WholeModel(model);
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 2);
        var expected = await Conversation.RunAsync(whole, Slot, prompt, count: 8);
        await Conversation.RunAsync(sliced, Slot, prompt, count: 4);
        await ParkAsync(sliced);

        var slot = isCopied ? 5 : Slot;
        foreach (var stage in sliced.Stages)
            await (isCopied ? stage.CopyAsync(Slot, slot, endPosition: 40) : stage.ClearAsync(Slot, fromPosition: 40));
        await sliced.OpenAsync(slot, SamplingParameters.Greedy, prompt);
        var drawn = (await sliced.DecodeAsync(Conversation.Rows(slot, 40, 5, sampleLast: true), prompt[40..])).ToList();
        await Conversation.ContinueAsync(sliced, slot, drawn, count: 7);

        Tokens(drawn).ShouldBe(Tokens(expected));
        sliced.Stages.ShouldAllBe(stage => stage.ParkedBytes > 0 == isCopied, "what was copied waits where it was");
    }

    [Fact]
    public async Task Slot_WhenItIsClearedWhileParked_IsFree()
    {
        var model = await models.GetAsync("pebble");
        var prompt = model.Prompt(seed: 8, length: 30);
        await using var whole = new WholeModel(model);
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 2);
        await Conversation.RunAsync(sliced, Slot, model.Prompt(seed: 7, length: 45), count: 4);
        await ParkAsync(sliced);

        await sliced.ClearAsync(Slot, fromPosition: 0);

        sliced.Stages.ShouldAllBe(stage => stage.ParkedBytes == 0);
        var drawn = await Conversation.RunAsync(sliced, Slot, prompt, count: 5);
        drawn.ShouldEqual(await Conversation.RunAsync(whole, Slot, prompt, count: 5));
    }

    [Fact]
    public async Task State_WhenTheSlotIsParked_IsWhatItWas()
    {
        var model = await models.GetAsync("pebble");
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 1);
        await Conversation.RunAsync(sliced, Slot, model.Prompt(seed: 7, length: 45), count: 4);
        var expected = await sliced.Last.ExportAsync(Slot);

        await ParkAsync(sliced);

        (await sliced.Last.ExportAsync(Slot)).ShouldBe(expected);
    }

    [Fact]
    public async Task Slot_WhenOthersRunForLong_IsParked()
    {
        var model = await models.GetAsync("pebble");
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 1);
        var waiting = await Conversation.RunAsync(sliced, slot: 0, model.Prompt(seed: 7, length: 12), count: 2);
        var running = await Conversation.RunAsync(sliced, slot: 1, model.Prompt(seed: 8, length: 12), count: 1);

        await Conversation.ContinueAsync(sliced, slot: 1, running, ParkedSlots.WaitingBatches - 1);
        sliced.Last.ParkedBytes.ShouldBe(0);
        await Conversation.ContinueAsync(sliced, slot: 1, running, count: 1);
        sliced.Last.ParkedBytes.ShouldBeGreaterThan(0);

        await Conversation.ContinueAsync(sliced, slot: 0, waiting, count: 5);
        await using var whole = new WholeModel(model);
        Tokens(waiting).ShouldBe(Tokens(await Conversation.RunAsync(whole, slot: 0, model.Prompt(seed: 7, length: 12), count: 7)));
    }

    [Fact]
    public async Task Cache_WhenParkedSlotsComeBack_HasRoomForAllThatFittedBefore()
    {
        var model = await models.GetAsync("pebble");
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 1, cells: 256, rows: 256);
        int[][] prompts = [.. Enumerable.Range(0, 4).Select(seed => model.Prompt(seed, length: 60))];
        var expected = new List<List<Drawn>>();
        for (var slot = 0; slot < 4; slot++)
            expected.Add(await Conversation.RunAsync(sliced, slot, prompts[slot], count: 3));

        await ParkAsync(sliced);
        // In pieces, between the cells that others were given meanwhile.
        foreach (var slot in new[] { 2, 0, 3, 1 })
            await Conversation.ContinueAsync(sliced, slot, expected[slot], count: 2);

        sliced.Last.ParkedBytes.ShouldBe(0);
        for (var slot = 0; slot < 4; slot++)
        {
            await using var whole = new WholeModel(model);
            Tokens(expected[slot]).ShouldBe(Tokens(await Conversation.RunAsync(whole, slot, prompts[slot], count: 5)));
        }
    }

    [Fact]
    public async Task Slots_WhenTheyTakeMoreThanAllOfThemMay_WaitInTheCache()
    {
        var configuration = new StageConfiguration("pebble", 0, 1, SlotCount: 3, CellCount: 256, MaximumBatchRows: 64, Threads: 1);
        using var model = SliceModel.Load((await models.GetAsync("pebble")).Path, vocabularyOnly: false, null, CancellationToken.None);
        using var context = SliceContext.Create(model, configuration, isLast: true, new ComputeGate(1));
        var slots = new SlotTable(configuration.SlotCount, context.SlotCellCount, configuration.MaximumBatchRows, hasSlidingWindow: false);
        BatchRow[] rows = [.. Conversation.Rows(0, 0, 20, sampleLast: true), .. Conversation.Rows(2, 0, 30, sampleLast: true)];
        slots.RequireBatch(rows);
        context.Decode(rows, new float[rows.Length * model.HiddenSize]).ShouldBe(0);
        slots.Advance();
        var (first, last) = (context.StateBytes(0), context.StateBytes(2));
        using var parked = new ParkedSlots(context, slots, configuration.SlotCount, maximumBytes: first + last - 1);

        parked.ParkAll();
        parked.Bytes.ShouldBe(first);
        (context.EndPosition(0), context.EndPosition(2)).ShouldBe((0, 30));

        parked.Forget(0);
        parked.Bytes.ShouldBe(0);
        slots.Truncate(0, 0);
        parked.ParkAll();
        (context.EndPosition(0), context.EndPosition(2)).ShouldBe((0, 0));
        parked.Restore(2);
        context.EndPosition(2).ShouldBe(30);
    }

    [Theory]
    [InlineData("tiny-gemma3 F32", 512)]
    [InlineData("pebble", SlicedModel.CellsForEachSlot)]
    public async Task Slots_WhenTheyCouldNotComeBackOrAreInNobodysWay_AreNotParked(string name, int cells)
    {
        var model = await models.GetAsync(name);
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 1, cells: cells);
        await Conversation.RunAsync(sliced, Slot, model.Prompt(seed: 7, length: 20), count: 2);

        await ParkAsync(sliced);

        sliced.Last.ParkedBytes.ShouldBe(0);
    }

    private static async Task ParkAsync(SlicedModel sliced)
    {
        foreach (var stage in sliced.Stages)
            await stage.ParkAsync();
    }

    private static IEnumerable<int> Tokens(IEnumerable<Drawn> drawn) => drawn.Select(one => one.Token.Token);
}
