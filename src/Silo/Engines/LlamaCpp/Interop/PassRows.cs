using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>Rows of a batch on their way into its passes and back: what goes in and what comes out is in the order of the batch.</summary>
/// <remarks>Rows that fill a batch up are last in it; they go in as zeros, and nothing of them comes out.</remarks>
internal sealed class PassRows(int slotCount, int maximumRows, int hiddenSize, int vocabularySize)
{
    private readonly float[] _hidden = new float[maximumRows * hiddenSize];
    private readonly int[] _logitPlaces = new int[maximumRows];
    private float[] _logits = [];
    private int _logitCount;
    private int _rowCount;
    private int _fillCount;

    public BatchPasses Passes { get; } = new(slotCount, maximumRows);

    /// <summary>Whether the batch is computed as it is, in one pass.</summary>
    public bool IsPlain => Passes.Count == 1 && Passes.IsInOrder && _fillCount == 0;

    /// <param name="fillCount">How many of the rows fill the batch up.</param>
    public void Cut(ReadOnlySpan<BatchRow> rows, int fillCount)
    {
        Passes.Cut(rows);
        (_rowCount, _fillCount) = (rows.Length - fillCount, fillCount);
        _logitCount = 0;
    }

    /// <summary>The batch's hidden values in the order of its passes; valid until rows are put back.</summary>
    public ReadOnlySpan<float> Gather(ReadOnlySpan<float> hidden)
    {
        if (Passes.IsInOrder && _fillCount == 0)
            return hidden;
        var order = Passes.Order;
        for (var index = 0; index < order.Length; index++)
        {
            var row = _hidden.AsSpan(index * hiddenSize, hiddenSize);
            if (order[index] < _rowCount)
                hidden.Slice(order[index] * hiddenSize, hiddenSize).CopyTo(row);
            else
                row.Clear();
        }
        return _hidden.AsSpan(0, order.Length * hiddenSize);
    }

    /// <summary>Values in the order of the passes, back in the order of the batch; valid until the next batch.</summary>
    public ReadOnlyMemory<float> PutBack(ReadOnlyMemory<float> captured)
    {
        if (Passes.IsInOrder)
            return captured[..(_rowCount * hiddenSize)];
        var order = Passes.Order;
        for (var index = 0; index < order.Length; index++)
        {
            if (order[index] < _rowCount)
                captured.Span.Slice(index * hiddenSize, hiddenSize).CopyTo(_hidden.AsSpan(order[index] * hiddenSize));
        }
        return _hidden.AsMemory(0, _rowCount * hiddenSize);
    }

    /// <summary>Keeps a row's logits, which the next pass would overwrite; of a row without any, that it has none.</summary>
    public void KeepLogits(int row, ReadOnlySpan<float> logits)
    {
        if (logits.IsEmpty)
        {
            _logitPlaces[row] = -1;
            return;
        }
        if ((_logitCount + 1) * vocabularySize > _logits.Length)
            Array.Resize(ref _logits, Math.Max(1, 2 * _logitCount) * vocabularySize);
        logits.CopyTo(_logits.AsSpan(_logitCount * vocabularySize));
        _logitPlaces[row] = _logitCount++;
    }

    public ReadOnlySpan<float> Logits(int row) =>
        _logitPlaces[row] < 0 ? default : _logits.AsSpan(_logitPlaces[row] * vocabularySize, vocabularySize);
}
