using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Engines.LlamaCpp.Sampling;

/// <summary>The last stage's sequences by slot.</summary>
internal sealed class StageSampler(int slotCount, int vocabularySize) : IDisposable
{
    private readonly SequenceSampler?[] _sequences = new SequenceSampler?[slotCount];
    private readonly CandidateList _candidates = new(vocabularySize);

    public void Open(int slot, SamplingParameters sampling, ReadOnlySpan<int> history)
    {
        var sequence = new SequenceSampler(sampling, history, vocabularySize);
        Close(slot);
        _sequences[slot] = sequence;
    }

    public void Close(int slot)
    {
        _sequences[slot]?.Dispose();
        _sequences[slot] = null;
    }

    /// <exception cref="ArgumentException">A row samples in a slot that was not opened, or too many rows sample.</exception>
    public void Require(ReadOnlySpan<BatchRow> rows)
    {
        var sampled = 0;
        for (var index = 0; index < rows.Length; index++)
        {
            var row = rows[index];
            if (!row.Sample)
                continue;
            if (++sampled > slotCount)
                throw new ArgumentException($"More rows sample than there are slots ({slotCount}).");
            var sequence = _sequences[row.Slot]
                ?? throw new ArgumentException($"Slot {row.Slot} samples after position {row.Position}, but was not opened.");
            // The token that the row before it draws is known by then.
            if (index == 0 || rows[index - 1] is not { Sample: true } before || before.Slot != row.Slot)
                sequence.RequireHistory(row);
        }
    }

    public SampledToken Sample(BatchRow row, ReadOnlySpan<float> logits) => _sequences[row.Slot]!.Sample(row, logits, _candidates);

    public void Dispose()
    {
        for (var slot = 0; slot < _sequences.Length; slot++)
            Close(slot);
        _candidates.Dispose();
    }
}
