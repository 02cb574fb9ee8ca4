using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Engines.LlamaCpp;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Tests.Engines;

/// <summary>Slots change places in the cache so that streams sit side by side, and nothing of that shows in what comes out.</summary>
public sealed class SlotMovesTests(TestModels models)
{
    private static readonly SamplingParameters s_seeded =
        new() { Temperature = 0.9f, TopK = 40, TopP = 0.95f, RepeatPenalty = 1.1f, Seed = 42 };

    /// <summary>Far from each other.</summary>
    private static readonly int[] s_slots = [6, 1, 4];

    [Theory]
    [InlineData("pebble", 1)]
    [InlineData("pebble", 3)]
    [InlineData("tiny-qwen3moe Q8_0", 2)]
    public async Task Streams_WhenTheirSlotsAreApart_AreMovedTogetherAndDrawWhatTheyDrawAlone(string name, int slices)
    {
        var model = await models.GetAsync(name);
        await using var whole = new WholeModel(model);
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices, cells: SlicedModel.CellsForEachSlot);
        var prompts = s_slots.Select(slot => model.Prompt(seed: slot, length: 10 + slot)).ToArray();

        var drawn = await RunTogetherAsync(sliced, prompts, count: 8);

        foreach (var stage in sliced.Stages)
            Places(stage).ShouldBe(Enumerable.Range(Places(stage).First(), s_slots.Length));
        for (var index = 0; index < s_slots.Length; index++)
        {
            var alone = await Conversation.RunAsync(whole, s_slots[index], prompts[index], drawn[index].Count, s_seeded);
            drawn[index].Select(one => one.Token.Token).ShouldBe(alone.Select(one => one.Token.Token));
        }
    }

    [Fact]
    public async Task Slots_WhenTheyWereMoved_CanBeCopiedCutShortExportedAndCleared()
    {
        var model = await models.GetAsync("pebble");
        await using var whole = new WholeModel(model);
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 2, cells: SlicedModel.CellsForEachSlot);
        await using var another = await SlicedModel.LoadAsync(models, model, slices: 2, cells: SlicedModel.CellsForEachSlot);
        var prompts = s_slots.Select(slot => model.Prompt(seed: slot, length: 30)).ToArray();
        var expected = await Conversation.RunAsync(whole, slot: 0, prompts[0], count: 10);
        await RunTogetherAsync(sliced, prompts, count: 5, SamplingParameters.Greedy);

        foreach (var (stage, twin) in sliced.Stages.Zip(another.Stages))
        {
            await stage.CopyAsync(s_slots[0], targetSlot: 7, endPosition: 20);
            await twin.ImportAsync(slot: 5, await stage.ExportAsync(s_slots[0]));
            await twin.ClearAsync(slot: 5, fromPosition: 25);
            await stage.ClearAsync(s_slots[0], fromPosition: 12);
            await stage.ClearAsync(s_slots[1], fromPosition: 0);
        }

        await GoesOnAsync(sliced, slot: 7, from: 20);
        await GoesOnAsync(another, slot: 5, from: 25);
        await GoesOnAsync(sliced, s_slots[0], from: 12);
        await GoesOnAsync(sliced, s_slots[1], from: 0);

        async Task GoesOnAsync(SlicedModel runner, int slot, int from)
        {
            await runner.OpenAsync(slot, SamplingParameters.Greedy, prompts[0]);
            var rows = Conversation.Rows(slot, from, prompts[0].Length - from, sampleLast: true);
            var drawn = (await runner.DecodeAsync(rows, prompts[0][from..])).ToList();
            await Conversation.ContinueAsync(runner, slot, drawn, count: 9);
            drawn.Select(one => one.Token.Token).ShouldBe(expected.Select(one => one.Token.Token), $"slot {slot} from {from}");
        }
    }

    [Fact]
    public async Task Slots_WhenACopyWaitsForTheNextBatch_MoveWithWhatWasCopied()
    {
        var model = await models.GetAsync("pebble");
        await using var whole = new WholeModel(model);
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 1, cells: SlicedModel.CellsForEachSlot);
        var prompt = model.Prompt(seed: 3, length: 30);
        var expected = await Conversation.RunAsync(whole, slot: 0, prompt, count: 6);
        var first = await Conversation.RunAsync(sliced, slot: 2, prompt, count: 1);

        await sliced.Last.CopyAsync(sourceSlot: 2, targetSlot: 6, endPosition: 30);
        await sliced.OpenAsync(slot: 6, SamplingParameters.Greedy, prompt);
        List<Drawn>[] drawn = [first, [first[0] with { Token = first[0].Token with { Slot = 6 } }]];
        await Conversation.ContinueTogetherAsync(sliced, drawn, count: 5);

        Math.Abs(sliced.Last.Seats[2] - sliced.Last.Seats[6]).ShouldBe(1);
        drawn.ShouldAllBe(one => one.Select(token => token.Token.Token).SequenceEqual(expected.Select(token => token.Token.Token)));
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(2, 0)]
    [InlineData(2, 5)]
    [InlineData(5, 6)]
    public async Task Exchange_WhateverSlotsHold_KeepsTheirStateAndWhatFollowsBitForBit(int slot, int other)
    {
        var configuration = new StageConfiguration("pebble", 0, 1, SlotCount: 8, CellCount: 8 * 256, MaximumBatchRows: 64, Threads: 1);
        using var model = SliceModel.Load((await models.GetAsync("pebble")).Path, vocabularyOnly: false, null, CancellationToken.None);
        using var stays = SliceContext.Create(model, configuration, isLast: true, new ComputeGate(1));
        using var moves = SliceContext.Create(model, configuration, isLast: true, new ComputeGate(1));
        var random = new Random(5);
        float[] hidden = [.. Enumerable.Range(0, 30 * model.HiddenSize).Select(_ => random.NextSingle() - 0.5f)];
        foreach (var context in new[] { stays, moves })
        {
            foreach (var (filled, count) in new[] { (0, 20), (2, 30) })
                context.Decode(Conversation.Rows(filled, 0, count, sampleLast: true), hidden.AsSpan(0, count * model.HiddenSize)).ShouldBe(0);
        }

        moves.TryExchange(slot, other).ShouldBeTrue();

        (moves.Seats[slot], moves.Seats[other]).ShouldBe((other, slot));
        foreach (var (held, end) in new[] { (0, 20), (2, 30), (5, 0), (6, 0) })
        {
            moves.EndPosition(held).ShouldBe(end);
            foreach (var context in new[] { stays, moves })
                context.Decode(Conversation.Rows(held, end, 1, sampleLast: true), hidden.AsSpan(0, model.HiddenSize)).ShouldBe(0);
            moves.Logits(0, model.VocabularySize).ToArray().ShouldBe(stays.Logits(0, model.VocabularySize).ToArray(), $"slot {held}");
        }
        // State names the sequence that it was written from.
        moves.TryExchange(other, slot).ShouldBeTrue();
        foreach (var held in new[] { 0, 2, 5, 6 })
            State(moves, held).ShouldBe(State(stays, held), $"slot {held}");
    }

    [Theory]
    [InlineData("tiny-gemma3 F32", SlicedModel.CellsForEachSlot)]
    [InlineData("pebble", 512)]
    public async Task Streams_WhenSlotsCouldNotMoveWholeOrAreInNobodysWay_StayWhereTheyAre(string name, int cells)
    {
        var model = await models.GetAsync(name);
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 1, cells: cells);

        await RunTogetherAsync(sliced, [.. s_slots.Select(slot => model.Prompt(seed: slot, length: 20))], count: 4);

        Places(sliced.Last).ShouldBe(s_slots.Order());
    }

    private static IEnumerable<int> Places(LlamaStageEngine stage) => s_slots.Select(slot => stage.Seats[slot]).Order();

    private static byte[] State(SliceContext context, int slot)
    {
        var state = new byte[context.StateBytes(slot)];
        context.TryExport(slot, state).ShouldBeTrue();
        return state;
    }

    private static Task<List<Drawn>[]> RunTogetherAsync(
        SlicedModel sliced, int[][] prompts, int count, SamplingParameters? sampling = null) =>
        Conversation.RunTogetherAsync(sliced, s_slots, prompts, count, sampling ?? s_seeded);
}
