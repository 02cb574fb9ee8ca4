using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Engines;

/// <summary>
/// Computes one slice of a model. Calls are carried out one after another, in the order they were made, on the engine's own
/// thread. Every argument is checked before native code sees it; a bad one throws <see cref="ArgumentException"/> and changes nothing.
/// A failed computation throws <see cref="StageEngineException"/>.
/// </summary>
public interface IStageEngine : IAsyncDisposable
{
    StageShape Shape { get; }

    /// <summary>
    /// Runs a batch through the slice. Positions continue each slot's sequence without a gap; on the last stage at most as many rows as
    /// there are slots may sample. The input's memory must not change before the call has ended. A call that fails leaves every slot as
    /// it was.
    /// </summary>
    /// <param name="cancellation">Leaves the batch out if it has not begun; one that has begun is finished.</param>
    /// <returns>Hidden rows (every stage but the last) or sampled tokens; valid until the next call of this method is made.</returns>
    ValueTask<StageOutput> DecodeAsync(StageInput input, CancellationToken cancellation = default);

    /// <summary>
    /// Starts a sequence on the last stage: how to sample in this slot, and the tokens so far, which the penalties look back on.
    /// </summary>
    ValueTask OpenAsync(int slot, SamplingParameters sampling, ReadOnlyMemory<int> history);

    /// <summary>
    /// Forgets a slot's cells from a position on, so that it can be done again; 0 frees the slot, which must then be opened anew.
    /// </summary>
    ValueTask ClearAsync(int slot, int fromPosition);

    /// <summary>
    /// Gives <paramref name="targetSlot"/>, which must be empty, the cells of positions [0, <paramref name="endPosition"/>).
    /// </summary>
    ValueTask CopyAsync(int sourceSlot, int targetSlot, int endPosition);

    /// <summary>A slot's KV cells as bytes that <see cref="ImportAsync"/> of an engine of the same slice and layout takes.</summary>
    ValueTask<byte[]> ExportAsync(int slot);

    ValueTask ImportAsync(int slot, ReadOnlyMemory<byte> state);
}

/// <summary>Sizes of a loaded slice, and the model it is of.</summary>
/// <param name="MaximumBatchRows">Rows that one batch may hold.</param>
/// <param name="CellCount">KV cells of all slots together.</param>
public sealed record StageShape(
    bool IsFirst, bool IsLast, int LayerCount, int HiddenSize, int VocabularySize, int SlotCount, int CellCount, int MaximumBatchRows,
    long MappedBytes, long KvBytes)
{
    /// <summary>Hash of the content of the whole model; the same on all stages of a pipeline, or they would compute different models.</summary>
    public required string ContentHash { get; init; }

    /// <summary>
    /// Some layers see only the latest positions. Cells that no row at a slot's end would look at may then be gone, and a slot that went
    /// back far from its end would be without them.
    /// </summary>
    public bool HasSlidingWindow { get; init; }
}

/// <summary>
/// A batch: <paramref name="Tokens"/> (one a row) on the first stage, <paramref name="Hidden"/> (rows × hidden size) on the others.
/// </summary>
/// <param name="Processor">Number of the processor to compute on; null for any.</param>
public readonly record struct StageInput(
    ReadOnlyMemory<BatchRow> Rows, ReadOnlyMemory<int> Tokens, ReadOnlyMemory<float> Hidden, int? Processor = null);

/// <summary>
/// <paramref name="Hidden"/> is rows × hidden size in row order (empty on the last stage), <paramref name="Tokens"/> the sampled rows in
/// row order.
/// </summary>
/// <param name="ComputeMicroseconds">What computing it took, waiting for the engine's thread left out.</param>
public readonly record struct StageOutput(ReadOnlyMemory<float> Hidden, ReadOnlyMemory<SampledToken> Tokens, int ComputeMicroseconds = 0);
