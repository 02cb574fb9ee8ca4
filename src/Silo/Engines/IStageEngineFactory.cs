using OrleansInference.Silo.Engines.LlamaCpp;

namespace OrleansInference.Silo.Engines;

/// <summary>Loads slices and tokenizers from the silo's model store.</summary>
public interface IStageEngineFactory
{
    /// <summary>Assembles the slice file if needed, maps it and makes its context. Long: progress is 0 to 1.</summary>
    Task<IStageEngine> LoadStageAsync(StageConfiguration configuration, IProgress<double>? progress, CancellationToken cancellation);

    /// <summary>The <see cref="StageShape.ContentHash"/> of a stage that would be loaded now.</summary>
    Task<string> GetContentHashAsync(string model, CancellationToken cancellation);

    Task<ITokenizer> LoadTokenizerAsync(string model, CancellationToken cancellation);
}

/// <summary>What to load and how large to make its context. All stages of a pipeline share every number but the layers.</summary>
/// <param name="Model">Model name in the store.</param>
/// <param name="SlotCount">Sequences held at once.</param>
/// <param name="CellCount">
/// KV cells (positions) of all slots together: an even share for each (<see cref="KvLayout"/>), or common to all.
/// </param>
/// <param name="Threads">Compute threads.</param>
public sealed record StageConfiguration(
    string Model, int FirstLayer, int EndLayer, int SlotCount, int CellCount, int MaximumBatchRows, int Threads)
{
    /// <summary>Null lets it follow from the other numbers and the model, so that all stages agree; only tests choose it.</summary>
    public bool? HasCellsPerSlot { get; init; }

    /// <summary>Whether batches of streams are filled up to whole tiles of rows; null where that is measured to be quicker.</summary>
    public bool? FillsBatches { get; init; }
}
