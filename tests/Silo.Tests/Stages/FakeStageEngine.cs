using System.Collections.Concurrent;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>Layers of <see cref="FakeModel"/>, as strict about order, positions and cells as a real engine.</summary>
internal sealed class FakeStageEngine(StageConfiguration configuration, string contentHash = FakeModel.ContentHash) : IStageEngine
{
    // Per slot the layers' states after each row, so that a slot can go back.
    private readonly Dictionary<int, List<long[]>> _slots = [];
    private readonly HashSet<int> _opened = [];
    private readonly float[] _hidden = new float[configuration.MaximumBatchRows * FakeModel.HiddenSize];
    private readonly SampledToken[] _tokens = new SampledToken[configuration.MaximumBatchRows];
    private int _calls;

    public StageShape Shape { get; } = new(
        configuration.FirstLayer == 0, configuration.EndLayer == FakeModel.LayerCount, configuration.EndLayer - configuration.FirstLayer,
        FakeModel.HiddenSize, FakeModel.VocabularySize, configuration.SlotCount, configuration.CellCount, configuration.MaximumBatchRows,
        MappedBytes: 1000, KvBytes: 100)
    {
        ContentHash = contentHash,
    };

    public StageConfiguration Configuration => configuration;

    /// <summary>Run before each batch; may wait or throw.</summary>
    public Func<StageInput, Task>? BeforeDecode { get; set; }

    /// <summary>Stops before the batch after so many more, until <see cref="BeforeDecode"/> is set anew or the batch is cancelled.</summary>
    public void HoldAfter(int batches)
    {
        var hold = new TaskCompletionSource();
        BeforeDecode = _ => Interlocked.Decrement(ref batches) >= 0 ? Task.CompletedTask : hold.Task;
    }

    /// <summary>Every call in order, as "decode", "open 3", "clear 3", "clear 3 from 20" or "copy 3 to 4 up to 20".</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Rows of every batch.</summary>
    public ConcurrentQueue<BatchRow[]> Batches { get; } = new();

    /// <summary>Whether <see cref="Calls"/> and <see cref="Batches"/> are kept.</summary>
    public bool IsRecording { get; set; } = true;

    public bool IsDisposed { get; private set; }

    public int OccupiedSlots => Positions.Count;

    /// <summary>Slots that hold something, in order, and how much.</summary>
    public IReadOnlyList<(int Slot, int End)> Positions
    {
        get
        {
            lock (_slots)
                return [.. _slots.Select(slot => (slot.Key, slot.Value.Count)).Order()];
        }
    }

    public async ValueTask<StageOutput> DecodeAsync(StageInput input, CancellationToken cancellation = default)
    {
        using var call = Enter("decode");
        if (IsRecording)
            Batches.Enqueue(input.Rows.ToArray());
        if (BeforeDecode is { } before)
            await before(input).WaitAsync(cancellation);
        lock (_slots)
            return Compute(input);
    }

    public ValueTask OpenAsync(int slot, SamplingParameters sampling, ReadOnlyMemory<int> history)
    {
        using var call = Enter($"open {slot}");
        lock (_slots)
        {
            if (!Shape.IsLast || history.IsEmpty || _slots.ContainsKey(slot) == _opened.Add(slot))
                throw new ArgumentException($"Slot {slot} cannot be opened: it is in use, or this is not the last stage.");
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask ClearAsync(int slot, int fromPosition)
    {
        using var call = Enter(fromPosition == 0 ? $"clear {slot}" : $"clear {slot} from {fromPosition}");
        lock (_slots)
        {
            if (fromPosition > 0)
            {
                if (_slots.TryGetValue(slot, out var rows))
                    rows.RemoveRange(Math.Min(fromPosition, rows.Count), Math.Max(0, rows.Count - fromPosition));
                return ValueTask.CompletedTask;
            }
            _slots.Remove(slot);
            _opened.Remove(slot);
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask CopyAsync(int sourceSlot, int targetSlot, int endPosition)
    {
        using var call = Enter($"copy {sourceSlot} to {targetSlot} up to {endPosition}");
        lock (_slots)
        {
            if (_slots.ContainsKey(targetSlot) || !_slots.TryGetValue(sourceSlot, out var states) || states.Count < endPosition)
                throw new ArgumentException($"Slot {sourceSlot} does not hold {endPosition} positions, or slot {targetSlot} is not empty.");
            _slots[targetSlot] = states[..endPosition];
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask<byte[]> ExportAsync(int slot) => throw new NotSupportedException();

    public ValueTask ImportAsync(int slot, ReadOnlyMemory<byte> state) => throw new NotSupportedException();

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }

    private StageOutput Compute(StageInput input)
    {
        var rows = input.Rows.Span;
        var given = Shape.IsFirst ? input.Tokens.Length : input.Hidden.Length / FakeModel.HiddenSize;
        if (rows.Length > Shape.MaximumBatchRows || given != rows.Length)
            throw new ArgumentException("The batch's sizes do not match.");
        var sampled = 0;
        for (var index = 0; index < rows.Length; index++)
        {
            var entering = Shape.IsFirst
                ? FakeModel.Enter(input.Tokens.Span[index]) : (long)input.Hidden.Span[index * FakeModel.HiddenSize];
            var value = Advance(rows[index], entering);
            _hidden[index * FakeModel.HiddenSize] = value;
            if (Shape.IsLast && rows[index].Sample)
                _tokens[sampled++] = Sample(rows[index], value);
        }
        if (_slots.Values.Sum(rows => rows.Count) > Shape.CellCount)
            throw new StageEngineException("The cache is full.");
        return Shape.IsLast
            ? new StageOutput(default, _tokens.AsMemory(0, sampled))
            : new StageOutput(_hidden.AsMemory(0, rows.Length * FakeModel.HiddenSize), default);
    }

    private SampledToken Sample(BatchRow row, long hash)
    {
        if (!_opened.Contains(row.Slot))
            throw new ArgumentException($"Slot {row.Slot} was never opened.");
        return new SampledToken(row.Slot, row.Position + 1, FakeModel.Sample(hash), -0.5f, null);
    }

    private long Advance(BatchRow row, long value)
    {
        if (!_slots.TryGetValue(row.Slot, out var rows))
            _slots[row.Slot] = rows = [];
        if (row.Position != rows.Count)
            throw new ArgumentException($"Slot {row.Slot} is at position {rows.Count}; row {row.Position} would leave a gap.");
        var states = rows.Count > 0 ? [.. rows[^1]] : new long[Shape.LayerCount];
        for (var layer = 0; layer < states.Length; layer++)
            value = states[layer] = FakeModel.Advance(configuration.FirstLayer + layer, states[layer], value);
        rows.Add(states);
        return value;
    }

    private Leave Enter(string call)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        if (Interlocked.Increment(ref _calls) != 1)
            throw new InvalidOperationException($"'{call}' was called while another call was running.");
        if (IsRecording)
            Calls.Enqueue(call);
        return new Leave(this);
    }

    private readonly struct Leave(FakeStageEngine engine) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref engine._calls);
    }
}
