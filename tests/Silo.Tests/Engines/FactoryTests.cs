using OrleansInference.Models;
using OrleansInference.Models.Store;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Tests.Engines;

public sealed class FactoryTests(TestModels models)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LoadStage_WhenItRuns_ReportsRisingProgressToTheEnd()
    {
        var model = await models.GetAsync("pebble");
        var progress = new Reports();

        await using var engine = await models.Factory().LoadStageAsync(Whole(model), progress, Cancellation);

        progress.Values.ShouldBeInOrder(SortDirection.Ascending);
        progress.Values[^1].ShouldBe(1);
    }

    [Fact]
    public async Task LoadStage_WhenTheConfigurationIsWrong_NamesWhatIs()
    {
        var model = await models.GetAsync("pebble");
        var good = Whole(model);

        await RefusesAsync(good with { SlotCount = 257 }, "number of slots");
        await RefusesAsync(good with { SlotCount = 0 }, "number of slots");
        await RefusesAsync(good with { CellCount = -1 }, "number of cells");
        await RefusesAsync(good with { MaximumBatchRows = 10_000 }, "batch rows");
        await RefusesAsync(good with { Threads = 0 }, "threads");
        await RefusesAsync(good with { FirstLayer = 3, EndLayer = 3 }, "Layers 3 to 3");
        await RefusesAsync(good with { EndLayer = 99 }, "99");
        await Should.ThrowAsync<ModelNotFoundException>(
            () => models.Factory().LoadStageAsync(good with { Model = "none" }, null, Cancellation));
        await Should.ThrowAsync<ModelNotFoundException>(() => models.Factory().LoadTokenizerAsync("none", Cancellation));

        async Task RefusesAsync(StageConfiguration configuration, string reason) =>
            (await Should.ThrowAsync<ArgumentException>(() => models.Factory().LoadStageAsync(configuration, null, Cancellation)))
                .Message.ShouldContain(reason);
    }

    [Fact]
    public async Task LoadStage_WhenTheSliceFileIsNotAModel_SaysWhatLlamaCppSays()
    {
        Natives.Load();
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(path, "GGUF but no more", Cancellation);

            var failure = Should.Throw<StageEngineException>(
                () => OrleansInference.Silo.Engines.LlamaCpp.Interop.SliceModel.Load(path, false, null, CancellationToken.None));

            failure.Message.ShouldContain(path);
            failure.Message.ShouldContain("gguf", Case.Insensitive);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>A store keeps what was imported before the import knew what to refuse.</summary>
    [Fact]
    public async Task Load_WhenAStoredVocabularyWouldEndTheProcess_SaysWhy()
    {
        var model = await models.GetAsync("pebble-to-spoil");
        models.ChangeKeys(model, "gpt2", "bert");

        await RefusesAsync(() => models.Factory().LoadTokenizerAsync(model.Manifest.Id, Cancellation));
        await RefusesAsync(() => models.Factory().LoadStageAsync(Whole(model), null, Cancellation));
        await using var first = await models.Factory().LoadStageAsync(Whole(model) with { EndLayer = 2 }, null, Cancellation);

        static async Task RefusesAsync(Func<Task> load) =>
            (await Should.ThrowAsync<ModelFormatException>(load)).Message.ShouldContain("'bert' is not supported");
    }

    [Fact]
    public async Task LoadStage_WhenCancelledMidway_StopsAndLoadsLater()
    {
        var model = await models.GetAsync("tiny-qwen2 F32");
        using var cancel = new CancellationTokenSource();
        var progress = new Reports(value =>
        {
            if (value > 0.7)
                cancel.Cancel();
        });

        await Should.ThrowAsync<OperationCanceledException>(() => models.Factory().LoadStageAsync(Whole(model), progress, cancel.Token));

        progress.Values.ShouldNotContain(1);
        await using var engine = await models.Factory().LoadStageAsync(Whole(model), null, Cancellation);
        engine.Shape.IsLast.ShouldBeTrue();
    }

    private static StageConfiguration Whole(TestModel model) => new(model.Manifest.Id, 0, model.Manifest.LayerCount, 4, 512, 64, 1);

    private sealed class Reports(Action<double>? onReport = null) : IProgress<double>
    {
        public List<double> Values { get; } = [];

        public void Report(double value)
        {
            Values.Add(value);
            onReport?.Invoke(value);
        }
    }
}
