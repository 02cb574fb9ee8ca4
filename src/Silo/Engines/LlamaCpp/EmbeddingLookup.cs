using OrleansInference.Models.Store;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>Tokens to hidden rows, on the host, exactly as a graph would look them up.</summary>
internal sealed class EmbeddingLookup(EmbeddingTable table, int maximumRows) : IDisposable
{
    private readonly RowDequantizer _dequantizer = new((int)table.Type);
    private readonly float[] _rows = new float[maximumRows * table.ColumnCount];

    public int HiddenSize => table.ColumnCount;

    public int VocabularySize => table.RowCount;

    /// <returns>Tokens × hidden size, valid until the next call.</returns>
    public ReadOnlySpan<float> Rows(ReadOnlySpan<int> tokens)
    {
        for (var index = 0; index < tokens.Length; index++)
        {
            var row = _rows.AsSpan(index * table.ColumnCount, table.ColumnCount);
            _dequantizer.Convert(table.Row(tokens[index]), row);
            if (table.Scale == 1)
                continue;
            foreach (ref var element in row)
                element *= table.Scale;
        }
        return _rows.AsSpan(0, tokens.Length * table.ColumnCount);
    }

    public void Dispose() => table.Dispose();
}
