using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Tests.Engines;

public sealed class StageEngineTests(TestModels models)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Decode_WhenABatchIsWrong_RefusesAndComputesTheNextOne()
    {
        var model = await models.GetAsync("pebble");
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 2, slots: 2, rows: 8);
        var (first, last) = (sliced.Stages[0], sliced.Last);
        var hidden = new float[8 * first.Shape.HiddenSize];
        var row = new BatchRow(0, 0, false);
        await last.OpenAsync(0, SamplingParameters.Greedy, default);

        await RefusesAsync(first, [], [], default, "0 rows");
        await RefusesAsync(first, Conversation.Rows(0, 0, 9, false), new int[9], default, "9 rows");
        await RefusesAsync(first, [row with { Slot = 2 }], [1], default, "slot 2");
        await RefusesAsync(first, [row with { Slot = -1 }], [1], default, "slot -1");
        await RefusesAsync(first, [row with { Position = 1 }], [1], default, "goes on at position 0");
        await RefusesAsync(first, [row with { Position = -1 }], [1], default, "position -1");
        await RefusesAsync(first, [row, row], [1, 1], default, "goes on at position 1");
        await RefusesAsync(first, [row], [], default, "1 tokens");
        await RefusesAsync(first, [row], [1, 2], default, "2 tokens");
        await RefusesAsync(first, [row], [1], hidden, "hidden values");
        await RefusesAsync(first, [row], [-1], default, "Token -1");
        await RefusesAsync(first, [row], [model.VocabularySize], default, $"Token {model.VocabularySize}");
        await RefusesAsync(last, [row], [1], default, "hidden values");
        await RefusesAsync(last, [row], [], hidden, "hidden values");
        await RefusesAsync(last, [row with { Slot = 1, Sample = true }], [], hidden.AsMemory(0, first.Shape.HiddenSize), "not opened");
        await RefusesAsync(
            last, [row with { Sample = true }, new(0, 1, true), new(0, 2, true)], [], hidden.AsMemory(0, 3 * first.Shape.HiddenSize),
            "slots (2)");

        var prompt = model.Prompt(1, 8);
        var expected = await Conversation.RunAsync(sliced, 0, prompt, 4);
        await sliced.ClearAsync(0, 0);
        (await Conversation.RunAsync(sliced, 0, prompt, 4)).ShouldEqual(expected);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(SlicedModel.CellsForEachSlot)]
    public async Task Decode_WhenSeveralRowsOfASlotSample_DrawsWhatTheyDrawOneByOne(int cells)
    {
        var model = await models.GetAsync("pebble");
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 2, slots: 8, cells: cells, rows: 64);
        var prompt = model.Prompt(1, 8);
        SamplingParameters[] samplings =
        [
            SamplingParameters.Greedy,
            new() { Temperature = 0.9f, Seed = 3, PresencePenalty = 0.4f, FrequencyPenalty = 0.2f, RepeatPenalty = 1.2f, PenaltyWindow = 9 },
        ];
        foreach (var sampling in samplings)
        {
            var expected = await Conversation.RunAsync(sliced, 5, prompt, 9, sampling);
            await sliced.ClearAsync(5, 0);
            var drawn = await Conversation.RunAsync(sliced, 5, prompt, 1, sampling);
            var known = expected.Select(one => one.Token.Token).ToList();

            // The right guesses, and one that is wrong, behind which the slot goes back.
            int[][] batches = [[known[0], known[1], known[2], known[3]], [known[4], known[5], known[6] + 1], [known[6], known[7]]];
            foreach (var tokens in batches)
            {
                var start = drawn[^1].Token.Position;
                var rows = tokens.Select((_, index) => new BatchRow(5, start + index, true)).ToArray();
                drawn.AddRange(await sliced.DecodeAsync(rows, tokens));
                if (tokens[^1] != known[6] + 1)
                    continue;
                drawn.RemoveAt(drawn.Count - 1);
                await sliced.ClearAsync(5, drawn[^1].Token.Position);
            }

            drawn.Select(one => one.Token).ShouldBe(expected.Select(one => one.Token));
            await sliced.ClearAsync(5, 0);
        }
    }

    [Fact]
    public async Task Calls_WhenAnArgumentIsWrong_NameIt()
    {
        var model = await models.GetAsync("pebble");
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 2, slots: 2, cells: 256);
        var (first, last) = (sliced.Stages[0], sliced.Last);
        await Conversation.RunAsync(sliced, 0, model.Prompt(1, 8), 2);

        await RefusesAsync(() => first.OpenAsync(0, SamplingParameters.Greedy, default), "last stage");
        await RefusesAsync(() => last.OpenAsync(2, SamplingParameters.Greedy, default), "slot 2");
        await RefusesAsync(() => last.OpenAsync(0, SamplingParameters.Greedy, new int[300]), "256 cells");
        await RefusesAsync(() => last.OpenAsync(0, SamplingParameters.Greedy, new[] { 1, -5 }), "Token -5");
        await RefusesAsync(() => last.OpenAsync(0, new SamplingParameters { Temperature = -1 }, default), "temperature");
        await RefusesAsync(() => first.ClearAsync(-1, 0), "slot -1");
        await RefusesAsync(() => first.ClearAsync(0, -1), "position -1");
        await RefusesAsync(() => first.CopyAsync(0, 0, 3), "empty");
        await RefusesAsync(() => first.CopyAsync(0, 1, 10), "holds 9");
        await RefusesAsync(() => first.CopyAsync(1, 1, 1), "holds 0");
        await RefusesAsync(() => first.CopyAsync(0, 1, 0), "up to 0");
        await RefusesAsync(async () => await first.ExportAsync(7), "slot 7");
        await last.OpenAsync(1, new SamplingParameters { RepeatPenalty = 1.2f }, new[] { 1, 2 });
        await first.ClearAsync(1, 5);
    }

    [Fact]
    public async Task Decode_WhenPenaltiesLackTheirHistory_Refuses()
    {
        var model = await models.GetAsync("pebble");
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 1);
        await sliced.OpenAsync(0, new SamplingParameters { PresencePenalty = 1 }, [1, 2]);

        var refusal = await Should.ThrowAsync<ArgumentException>(() => sliced.DecodeAsync(Conversation.Rows(0, 0, 3, true), [1, 2, 3]));

        refusal.Message.ShouldContain("open it with all of them");
        await sliced.OpenAsync(0, new SamplingParameters { PresencePenalty = 1 }, [1, 2, 3]);
        (await sliced.DecodeAsync(Conversation.Rows(0, 0, 3, true), [1, 2, 3])).Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("pebble")]
    [InlineData("tiny-gemma3 F32")]
    public async Task Decode_WhenTheCacheIsFull_FailsAndGoesOnOnceASlotIsFreed(string name)
    {
        var model = await models.GetAsync(name);
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 2, slots: 4, cells: 200, rows: 64);
        sliced.Last.Shape.CellCount.ShouldBe(256);
        var expected = await Conversation.RunAsync(sliced, 0, model.Prompt(1, 100), 6, chunk: 50);
        await sliced.ClearAsync(0, 0);
        var drawn = await Conversation.RunAsync(sliced, 0, model.Prompt(1, 100), 3, chunk: 50);
        await Conversation.RunAsync(sliced, 1, model.Prompt(2, 120), 1, chunk: 60);

        var full = await Should.ThrowAsync<StageEngineException>(() => Conversation.RunAsync(sliced, 2, model.Prompt(3, 60), 1, chunk: 60));
        full.Message.ShouldContain("256 cells hold 222 positions");

        // The others go on, and so does the refused one when there is room.
        (await Conversation.ContinueAsync(sliced, 0, drawn, 3)).ShouldEqual(expected);
        await sliced.ClearAsync(1, 0);
        await Conversation.RunAsync(sliced, 2, model.Prompt(3, 60), 1, chunk: 60);
    }

    [Fact]
    public async Task Decode_WhenCancelledBeforeItBegins_IsLeftOut()
    {
        var model = await models.GetAsync("pebble");
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 1);
        await sliced.OpenAsync(0, SamplingParameters.Greedy, []);

        var input = new StageInput(Conversation.Rows(0, 0, 3, true), new[] { 1, 2, 3 }, default);
        var cancelled = sliced.Last.DecodeAsync(input, new CancellationToken(true));

        await Should.ThrowAsync<OperationCanceledException>(cancelled.AsTask());
        (await sliced.DecodeAsync(Conversation.Rows(0, 0, 3, true), [1, 2, 3])).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Calls_WhenManyAreMadeAtOnce_RunInTheOrderTheyWereMade()
    {
        var model = await models.GetAsync("pebble");
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 1, cells: 1024);
        var engine = sliced.Last;

        var calls = Enumerable.Range(0, 200)
            .Select(position => new StageInput(Conversation.Rows(0, position, 1, false), new[] { 5 }, default))
            .Select(input => engine.DecodeAsync(input, Cancellation).AsTask())
            .ToArray();

        await Task.WhenAll(calls);
        (await engine.ExportAsync(0)).Length.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Dispose_WhenBusy_EndsSoonAndRefusesWhatWaits()
    {
        var model = await models.GetAsync("pebble");
        var sliced = await SlicedModel.LoadAsync(models, model, slices: 1, cells: 4096, rows: 512);
        var engine = sliced.Last;
        var tokens = new int[512];
        var calls = Enumerable.Range(0, 8)
            .Select(chunk => new StageInput(Conversation.Rows(0, chunk * 512, 512, false), tokens, default))
            .Select(input => engine.DecodeAsync(input, Cancellation).AsTask())
            .ToArray();

        await Task.WhenAll(engine.DisposeAsync().AsTask(), engine.DisposeAsync().AsTask())
            .WaitAsync(TimeSpan.FromSeconds(10), Cancellation);

        foreach (var call in calls)
        {
            var error = await Record.ExceptionAsync(() => call);
            (error is null or ObjectDisposedException or StageEngineException).ShouldBeTrue(error?.ToString());
        }
        calls[^1].IsFaulted.ShouldBeTrue();
        await Should.ThrowAsync<ObjectDisposedException>(() => engine.ClearAsync(0, 0).AsTask());
    }

    [Fact]
    public async Task Shape_WhenLoaded_TellsSizes()
    {
        var model = await models.GetAsync("pebble");
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 3, slots: 4, cells: 300, rows: 32);

        sliced.Stages.Sum(stage => stage.Shape.LayerCount).ShouldBe(model.Manifest.LayerCount);
        sliced.Stages.Select(stage => (stage.Shape.IsFirst, stage.Shape.IsLast)).ShouldBe([(true, false), (false, false), (false, true)]);
        foreach (var shape in sliced.Stages.Select(stage => stage.Shape))
        {
            (shape.SlotCount, shape.CellCount, shape.MaximumBatchRows).ShouldBe((4, 512, 32));
            shape.HiddenSize.ShouldBe(model.Manifest.Hyperparameters.HiddenSize);
            shape.VocabularySize.ShouldBe(model.VocabularySize);
            shape.MappedBytes.ShouldBeGreaterThan(0);
            shape.KvBytes.ShouldBe(512L * shape.LayerCount * model.Manifest.Hyperparameters.KvBytesPerTokenPerLayer);
        }
    }

    private static async Task RefusesAsync(
        IStageEngine engine, BatchRow[] rows, int[] tokens, ReadOnlyMemory<float> hidden, string reason) =>
        await RefusesAsync(async () => await engine.DecodeAsync(new StageInput(rows, tokens, hidden), Cancellation), reason);

    private static async Task RefusesAsync(Func<ValueTask> call, string reason) =>
        (await Should.ThrowAsync<ArgumentException>(() => call().AsTask())).Message.ShouldContain(reason);
}
