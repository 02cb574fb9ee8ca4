using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Engines.LlamaCpp;

namespace OrleansInference.Silo.Tests.Engines;

/// <summary>A model in slices, each in an engine of its own, one after another.</summary>
internal sealed class SlicedModel : IModelRunner
{
    /// <summary>With the default number of slots, cells for each; the default number of cells is shared by all slots.</summary>
    public const int CellsForEachSlot = 8 * 256;

    private readonly List<float[]> _logits = [];

    private SlicedModel(IReadOnlyList<LlamaStageEngine> stages)
    {
        Stages = stages;
        stages[^1].LogitsObserver = (_, logits) => _logits.Add(logits.ToArray());
    }

    public IReadOnlyList<LlamaStageEngine> Stages { get; }

    public LlamaStageEngine Last => Stages[^1];

    /// <summary>Cuts the model into equal parts.</summary>
    /// <param name="fillsBatches">Whether every batch is filled up to whole tiles that can be, whatever time it takes.</param>
    public static async Task<SlicedModel> LoadAsync(
        TestModels models, TestModel model, int slices, int slots = 8, int cells = 512, int rows = 64, int threads = 1,
        bool fillsBatches = true)
    {
        var layers = model.Manifest.LayerCount;
        var stages = new List<LlamaStageEngine>();
        for (var slice = 0; slice < slices; slice++)
        {
            var configuration = new StageConfiguration(
                model.Manifest.Id, layers * slice / slices, layers * (slice + 1) / slices, slots, cells, rows, threads)
            {
                HasCellsPerSlot = cells == CellsForEachSlot,
                FillsBatches = fillsBatches,
            };
            stages.Add((LlamaStageEngine)await models.Factory().LoadStageAsync(configuration, null, TestContext.Current.CancellationToken));
        }
        return new SlicedModel(stages);
    }

    public async Task OpenAsync(int slot, SamplingParameters sampling, int[] history) => await Last.OpenAsync(slot, sampling, history);

    public async Task<IReadOnlyList<Drawn>> DecodeAsync(BatchRow[] rows, int[] tokens)
    {
        _logits.Clear();
        var output = await Stages[0].DecodeAsync(new StageInput(rows, tokens, default));
        foreach (var stage in Stages.Skip(1))
            output = await stage.DecodeAsync(new StageInput(rows, default, output.Hidden));
        return [.. output.Tokens.ToArray().Select((token, index) => new Drawn(token, _logits[index]))];
    }

    public async Task ClearAsync(int slot, int fromPosition)
    {
        foreach (var stage in Stages)
            await stage.ClearAsync(slot, fromPosition);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var stage in Stages)
            await stage.DisposeAsync();
    }
}
