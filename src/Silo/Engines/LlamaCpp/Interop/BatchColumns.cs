using System.Runtime.InteropServices;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>The columns of a llama_batch in native memory, allocated once for the largest batch.</summary>
internal sealed unsafe class BatchColumns : IDisposable
{
    private readonly int* _positions;
    private readonly int* _sequences;
    private readonly int* _sequenceCounts;
    private readonly int** _sequencePointers;
    private readonly sbyte* _outputs;

    public BatchColumns(int maximumRows)
    {
        var rows = (nuint)maximumRows;
        _positions = (int*)NativeMemory.Alloc(rows, sizeof(int));
        _sequences = (int*)NativeMemory.Alloc(rows, sizeof(int));
        _sequenceCounts = (int*)NativeMemory.Alloc(rows, sizeof(int));
        _sequencePointers = (int**)NativeMemory.Alloc(rows, (nuint)sizeof(int*));
        _outputs = (sbyte*)NativeMemory.Alloc(rows, sizeof(sbyte));
        for (var row = 0; row < maximumRows; row++)
        {
            _sequenceCounts[row] = 1;
            _sequencePointers[row] = _sequences + row;
        }
    }

    public void Fill(ReadOnlySpan<BatchRow> rows, bool everyRowIsOutput)
    {
        for (var row = 0; row < rows.Length; row++)
        {
            _positions[row] = rows[row].Position;
            _sequences[row] = rows[row].Slot;
            _outputs[row] = everyRowIsOutput || rows[row].Sample ? (sbyte)1 : (sbyte)0;
        }
    }

    /// <summary>Of the batch's rows those that are named, in that order.</summary>
    public void Fill(ReadOnlySpan<BatchRow> rows, ReadOnlySpan<int> order, bool everyRowIsOutput)
    {
        for (var index = 0; index < order.Length; index++)
        {
            var row = rows[order[index]];
            _positions[index] = row.Position;
            _sequences[index] = row.Slot;
            _outputs[index] = everyRowIsOutput || row.Sample ? (sbyte)1 : (sbyte)0;
        }
    }

    public LlamaBatch ToBatch(int rowCount, float* embeddings) => new()
    {
        n_tokens = rowCount,
        embd = embeddings,
        pos = _positions,
        n_seq_id = _sequenceCounts,
        seq_id = _sequencePointers,
        logits = _outputs,
    };

    public void Dispose()
    {
        NativeMemory.Free(_positions);
        NativeMemory.Free(_sequences);
        NativeMemory.Free(_sequenceCounts);
        NativeMemory.Free(_sequencePointers);
        NativeMemory.Free(_outputs);
    }
}
