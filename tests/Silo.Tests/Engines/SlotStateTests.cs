using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Tests.Engines;

/// <summary>What happens to a slot's cells between batches changes nothing of what is computed after.</summary>
public sealed class SlotStateTests(TestModels models)
{
    private const int Before = 9;
    private const int After = 14;

    [Theory]
    [InlineData("pebble", 512)]
    [InlineData("pebble", SlicedModel.CellsForEachSlot)]
    [InlineData("tiny-llama F32", 512)]
    [InlineData("tiny-gemma3 Q8_0", 512)]
    [InlineData("tiny-gemma3 Q8_0", SlicedModel.CellsForEachSlot)]
    public async Task Export_WhenImportedMidwayElsewhereInAnotherSlot_GoesOnBitForBit(string name, int cells)
    {
        var model = await models.GetAsync(name);
        var prompt = model.Prompt(1, 30);
        await using var source = await SlicedModel.LoadAsync(models, model, slices: 3, cells: cells);
        await using var target = await SlicedModel.LoadAsync(models, model, slices: 3, cells: cells);
        await Conversation.RunAsync(target, slot: 2, model.Prompt(2, 23), count: 4);
        var expected = await Conversation.RunAsync(source, slot: 0, prompt, Before + After);
        await source.ClearAsync(0, 0);

        var drawn = await Conversation.RunAsync(source, slot: 0, prompt, Before);
        for (var stage = 0; stage < source.Stages.Count; stage++)
            await target.Stages[stage].ImportAsync(5, await source.Stages[stage].ExportAsync(0));
        await target.OpenAsync(5, SamplingParameters.Greedy, [.. prompt, .. drawn.Select(one => one.Token.Token)]);
        await Conversation.ContinueAsync(target, slot: 5, drawn, After);

        InSlot(drawn, 0).ShouldEqual(expected);
    }

    [Theory]
    [InlineData("pebble", 512)]
    [InlineData("pebble", SlicedModel.CellsForEachSlot)]
    [InlineData("tiny-gemma3 F32", 512)]
    [InlineData("tiny-gemma3 F32", SlicedModel.CellsForEachSlot)]
    public async Task Copy_WhenBothGoOn_BothEqualTheUncopied(string name, int cells)
    {
        var model = await models.GetAsync(name);
        var prompt = model.Prompt(3, 30);
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 2, cells: cells);
        var expected = await Conversation.RunAsync(sliced, slot: 0, prompt, Before + After);
        await sliced.ClearAsync(0, 0);

        var drawn = await Conversation.RunAsync(sliced, slot: 0, prompt, Before);
        foreach (var stage in sliced.Stages)
            await stage.CopyAsync(0, 4, prompt.Length + Before - 1);
        await sliced.OpenAsync(4, SamplingParameters.Greedy, prompt);
        var copied = await Conversation.ContinueAsync(sliced, slot: 4, [.. drawn], After);
        var original = await Conversation.ContinueAsync(sliced, slot: 0, [.. drawn], After);

        InSlot(copied, 0).ShouldEqual(expected);
        original.ShouldEqual(expected);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(SlicedModel.CellsForEachSlot)]
    public async Task Copy_WhenOnlyTheBeginningIsCopied_GoesOnFromThereBitForBit(int cells)
    {
        var model = await models.GetAsync("pebble");
        var prompt = model.Prompt(3, 30);
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 2, cells: cells);
        var expected = await Conversation.RunAsync(sliced, slot: 6, prompt, Before + After);

        foreach (var stage in sliced.Stages)
            await stage.CopyAsync(6, 1, prompt.Length);
        await sliced.OpenAsync(1, SamplingParameters.Greedy, prompt);
        var copied = await Conversation.ContinueAsync(sliced, slot: 1, [expected[0]], Before + After - 1);

        InSlot(copied, 6).ShouldEqual(expected);
    }

    /// <summary>Cells may be copied only when the next batch is computed; what is done to slots before that must not show.</summary>
    [Theory]
    [InlineData("pebble", 512)]
    [InlineData("pebble", SlicedModel.CellsForEachSlot)]
    [InlineData("tiny-gemma3 F32", SlicedModel.CellsForEachSlot)]
    public async Task Copy_WhenStatesAreMovedBeforeTheNextBatch_IsTheCopyAllTheSame(string name, int cells)
    {
        var model = await models.GetAsync(name);
        var prompt = model.Prompt(3, 30);
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 2, cells: cells);
        await Conversation.RunAsync(sliced, slot: 2, model.Prompt(9, 41), count: 1);
        var expected = await Conversation.RunAsync(sliced, slot: 0, prompt, Before + After);
        await sliced.ClearAsync(0, prompt.Length + Before - 1);

        foreach (var stage in sliced.Stages)
        {
            var other = await stage.ExportAsync(2);
            await stage.CopyAsync(0, 4, prompt.Length + Before - 1);
            var copy = await stage.ExportAsync(4);
            await stage.ClearAsync(0, 0);
            await stage.ImportAsync(0, other);
            await stage.ImportAsync(7, copy);
        }
        foreach (var slot in new[] { 4, 7 })
        {
            await sliced.OpenAsync(slot, SamplingParameters.Greedy, prompt);
            InSlot(await Conversation.ContinueAsync(sliced, slot, [.. expected.Take(Before)], After), 0).ShouldEqual(expected);
        }
    }

    [Theory]
    [InlineData("pebble", 512)]
    [InlineData("pebble", SlicedModel.CellsForEachSlot)]
    [InlineData("tiny-gemma3 Q8_0", 512)]
    public async Task Clear_WhenPositionsAreDoneAgain_GivesTheSameBits(string name, int cells)
    {
        var model = await models.GetAsync(name);
        var prompt = model.Prompt(4, 25);
        var sampling = new SamplingParameters { Temperature = 0.8f, RepeatPenalty = 1.2f, Seed = 3 };
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 3, cells: cells);
        var expected = await Conversation.RunAsync(sliced, slot: 1, prompt, Before + After, sampling);

        await sliced.ClearAsync(1, prompt.Length + Before - 1);
        var redone = await Conversation.ContinueAsync(sliced, slot: 1, [.. expected.Take(Before)], After);
        redone.ShouldEqual(expected);

        await sliced.ClearAsync(1, 0);
        var replayed = await Conversation.RunAsync(sliced, slot: 1, prompt, Before + After, sampling);
        replayed.ShouldEqual(expected);
    }

    [Fact]
    public async Task Open_WhenASequenceIsReplayedWithALongerHistory_DrawsWhatItDrew()
    {
        var model = await models.GetAsync("pebble");
        var prompt = model.Prompt(5, 12);
        var sampling = new SamplingParameters { Temperature = 1.1f, FrequencyPenalty = 0.6f, PresencePenalty = 0.3f, Seed = 8 };
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 2);
        var expected = await Conversation.RunAsync(sliced, slot: 0, prompt, Before + After, sampling);
        int[] known = [.. prompt, .. expected.Take(Before).Select(one => one.Token.Token)];

        await sliced.ClearAsync(0, 0);
        var replayed = await Conversation.RunAsync(sliced, slot: 0, known, After, sampling, chunk: known.Length);

        replayed.Select(one => one.Token.Token).ShouldBe(expected.Skip(Before).Select(one => one.Token.Token));
    }

    [Fact]
    public async Task Import_WhenTheStateIsNotWhole_RefusesAndStaysUsable()
    {
        var model = await models.GetAsync("pebble");
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 2);
        await using var others = await SlicedModel.LoadAsync(models, model, slices: 1);
        await Conversation.RunAsync(sliced, slot: 0, model.Prompt(6, 20), 3);
        var state = await sliced.Last.ExportAsync(0);

        await RefusesAsync([], "exported state");
        await RefusesAsync(state[..20], "exported state");
        await RefusesAsync(state[..^1], "damaged");
        var flipped = state.ToArray();
        flipped[^100] ^= 1;
        await RefusesAsync(flipped, "damaged");
        (await Should.ThrowAsync<ArgumentException>(() => others.Last.ImportAsync(1, state).AsTask())).Message.ShouldContain("layers");
        (await Should.ThrowAsync<ArgumentException>(() => sliced.Last.ImportAsync(0, state).AsTask())).Message.ShouldContain("empty");
        (await Should.ThrowAsync<ArgumentException>(() => sliced.Last.ExportAsync(3).AsTask())).Message.ShouldContain("empty");
        await sliced.Last.ImportAsync(1, state);

        async Task RefusesAsync(byte[] bytes, string reason) =>
            (await Should.ThrowAsync<ArgumentException>(() => sliced.Last.ImportAsync(1, bytes).AsTask())).Message.ShouldContain(reason);
    }

    [Fact]
    public async Task Import_WhenTheCacheHasNoRoom_FailsAndTakesItLater()
    {
        var model = await models.GetAsync("pebble");
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 1, cells: 256);
        await Conversation.RunAsync(sliced, slot: 0, model.Prompt(6, 150), 1, chunk: 50);
        var state = await sliced.Last.ExportAsync(0);

        (await Should.ThrowAsync<StageEngineException>(() => sliced.Last.ImportAsync(1, state).AsTask()))
            .Message.ShouldContain("256 cells hold 150");

        await sliced.ClearAsync(0, 0);
        await sliced.Last.ImportAsync(1, state);
        await sliced.Last.OpenAsync(1, SamplingParameters.Greedy, default);
        await sliced.DecodeAsync([new BatchRow(1, 150, true)], [5]);
    }

    private static List<Drawn> InSlot(IEnumerable<Drawn> drawn, int slot) =>
        [.. drawn.Select(one => one with { Token = one.Token with { Slot = slot } })];
}
