using System.Diagnostics;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Models.Store;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;
using OrleansInference.Silo.Engines.LlamaCpp.Sampling;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>A slice on llama.cpp. The queue and the checks are here; <see cref="SliceContext"/> makes the native calls.</summary>
internal sealed class LlamaStageEngine : IStageEngine
{
    private const int QueueCapacity = 256;

    private readonly SliceFile _slice;
    private readonly SliceModel _model;
    private readonly SliceContext _context;
    private readonly EmbeddingLookup? _embeddings;
    private readonly StageSampler? _sampler;
    private readonly SampledToken[] _sampled;
    private readonly SlotTable _slots;
    private readonly SeatPlan? _seatPlan;
    private readonly EngineThread _thread;
    private readonly EngineCall<StageInput, StageOutput> _decode;
    private readonly Lock _disposing = new();
    private bool _isDisposed;

    /// <summary>Takes over everything that it is given.</summary>
    /// <param name="embeddings">On the first stage only.</param>
    public LlamaStageEngine(
        string name, StageShape shape, SliceFile slice, SliceModel model, SliceContext context, EmbeddingLookup? embeddings)
    {
        Shape = shape;
        _slice = slice;
        _model = model;
        _context = context;
        _embeddings = embeddings;
        _sampler = shape.IsLast ? new StageSampler(shape.SlotCount, shape.VocabularySize) : null;
        _sampled = new SampledToken[shape.IsLast ? shape.SlotCount : 0];
        _slots = new SlotTable(shape.SlotCount, context.SlotCellCount, shape.MaximumBatchRows, model.HasSlidingWindow);
        // Where slots share all cells it does not matter which is where. With a sliding window a slot's state lacks the cells outside of it.
        if (context.HasCellsPerSlot && !model.HasSlidingWindow)
            _seatPlan = new SeatPlan(context.Seats, _slots, shape.MappedBytes, shape.KvBytes / shape.CellCount);
        _thread = new EngineThread(name, QueueCapacity, Release);
        _decode = new EngineCall<StageInput, StageOutput>(_thread, Decode);
    }

    public StageShape Shape { get; }

    /// <summary>Sees the logits of every sampled row; for tests of exactness.</summary>
    internal LogitsObserver? LogitsObserver { get; set; }

    /// <summary>Rows that filled up the last batch; for tests.</summary>
    internal int FillCount => _context.FillCount;

    /// <summary>Where slots are in the cache; for tests.</summary>
    internal SlotSeats Seats => _context.Seats;

    public ValueTask<StageOutput> DecodeAsync(StageInput input, CancellationToken cancellation = default) =>
        _decode.RunAsync(input, cancellation);

    public ValueTask OpenAsync(int slot, SamplingParameters sampling, ReadOnlyMemory<int> history) => Do(() =>
    {
        _slots.RequireSlot(slot);
        if (_sampler is null)
            throw new ArgumentException("Only the last stage samples; this one cannot open a sequence.");
        if (history.Length > Shape.CellCount)
            throw new ArgumentException($"The history has {history.Length} tokens; the cache has {Shape.CellCount} cells.");
        _sampler.Open(slot, sampling, history.Span);
    });

    public ValueTask ClearAsync(int slot, int fromPosition) => Do(() =>
    {
        _slots.RequireSlot(slot);
        if (fromPosition < 0)
            throw new ArgumentException($"A slot cannot be cleared from position {fromPosition}; 0 clears all of it.");
        _slots.RequireWhole(slot, fromPosition);
        _context.Remove(slot, fromPosition);
        _slots.Truncate(slot, fromPosition);
        if (fromPosition == 0)
            _sampler?.Close(slot);
    });

    public ValueTask CopyAsync(int sourceSlot, int targetSlot, int endPosition) => Do(() =>
    {
        _slots.RequireSlot(sourceSlot);
        _slots.RequireEmpty(targetSlot);
        if (endPosition < 1 || endPosition > _slots.End(sourceSlot))
            throw new ArgumentException(
                $"Positions up to {endPosition} cannot be copied from slot {sourceSlot}, which holds {_slots.End(sourceSlot)}.");
        _slots.RequireWhole(sourceSlot, endPosition);
        _context.Copy(sourceSlot, targetSlot, endPosition);
        _slots.Copied(sourceSlot, targetSlot, endPosition);
    });

    public ValueTask<byte[]> ExportAsync(int slot) => new(_thread.RunAsync(() =>
    {
        _slots.RequireSlot(slot);
        if (_slots.End(slot) == 0)
            throw new ArgumentException($"Slot {slot} is empty; there is nothing to export.");
        var state = GC.AllocateUninitializedArray<byte>(SlotState.HeaderBytes + _context.StateBytes(slot));
        if (!_context.TryExport(slot, state.AsSpan(SlotState.HeaderBytes)))
            throw new StageEngineException($"llama.cpp could not write the state of slot {slot}.");
        SlotState.Seal(state, Shape.LayerCount, Shape.HiddenSize, _slots.End(slot));
        return state;
    }));

    public ValueTask ImportAsync(int slot, ReadOnlyMemory<byte> state) => Do(() =>
    {
        _slots.RequireEmpty(slot);
        var positions = SlotState.Open(state.Span, Shape.LayerCount, Shape.HiddenSize, out var payload);
        if (_context.TryImport(slot, payload, out var reason) && _context.EndPosition(slot) == positions)
        {
            _slots.Imported(slot, positions);
            return;
        }
        _context.Remove(slot, 0);
        throw new StageEngineException(
            $"llama.cpp could not read {positions} positions into slot {slot}: {reason}. {Fill()}");
    });

    /// <summary>A decode that runs is broken off, calls that wait are refused, and the memory is free when this returns.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_disposing)
        {
            if (!_isDisposed)
                _context.Abort();
            _isDisposed = true;
        }
        return _thread.DisposeAsync();
    }

    private StageOutput Decode(StageInput input)
    {
        var rows = input.Rows.Span;
        _slots.RequireBatch(rows);
        _sampler?.Require(rows);
        var hidden = RequireInput(input);
        if (_seatPlan is not null)
            Exchange(_seatPlan.Next(rows));
        TurnProcessor.Move(input.Processor);
        var answer = _context.Decode(rows, hidden);
        try
        {
            RequireComputed(answer, rows.Length);
            var output = _sampler is null
                ? new StageOutput(_context.CapturedRows(rows.Length), default)
                : new StageOutput(default, Sample(rows));
            _slots.Advance();
            return output with { ComputeMicroseconds = (int)Math.Min(Stopwatch.GetElapsedTime(_context.DecodeBegunAt).TotalMicroseconds, int.MaxValue) };
        }
        catch
        {
            RollBack(rows);
            throw;
        }
    }

    private void Exchange(ReadOnlySpan<SlotExchange> exchanges)
    {
        foreach (var (slot, other) in exchanges)
        {
            try
            {
                _context.TryExchange(slot, other);
            }
            catch (StageEngineException)
            {
                Empty(slot);
                Empty(other);
                throw;
            }
        }
    }

    /// <summary>Rows that would go on where the slot was are refused from now on.</summary>
    private void Empty(int slot)
    {
        _context.Remove(slot, 0);
        _slots.Truncate(slot, 0);
    }

    private ReadOnlySpan<float> RequireInput(StageInput input)
    {
        var rowCount = input.Rows.Length;
        if (_embeddings is null)
        {
            if (!input.Tokens.IsEmpty || input.Hidden.Length != rowCount * Shape.HiddenSize)
                throw new ArgumentException(
                    $"A batch of {rowCount} rows needs {rowCount} × {Shape.HiddenSize} hidden values and no tokens; "
                    + $"it has {input.Hidden.Length} and {input.Tokens.Length} tokens.");
            return input.Hidden.Span;
        }
        if (!input.Hidden.IsEmpty || input.Tokens.Length != rowCount)
            throw new ArgumentException(
                $"A batch of {rowCount} rows needs {rowCount} tokens and no hidden values; "
                + $"it has {input.Tokens.Length} tokens and {input.Hidden.Length} hidden values.");
        foreach (var token in input.Tokens.Span)
            SamplingLimits.RequireToken(token, Shape.VocabularySize);
        return _embeddings.Rows(input.Tokens.Span);
    }

    private void RequireComputed(int answer, int rowCount)
    {
        if (answer == 1)
            throw new StageEngineException($"No room for {rowCount} more rows. {Fill()}");
        if (answer != 0)
            throw new StageEngineException(answer == 2
                ? "The computation was broken off." : $"llama.cpp failed to compute a batch of {rowCount} rows ({answer}).");
        if (_sampler is null && _context.CapturedRowCount != rowCount)
            throw new StageEngineException($"The last layer gave {_context.CapturedRowCount} rows for a batch of {rowCount}.");
    }

    private ReadOnlyMemory<SampledToken> Sample(ReadOnlySpan<BatchRow> rows)
    {
        var count = 0;
        for (var index = 0; index < rows.Length; index++)
        {
            if (!rows[index].Sample)
                continue;
            var logits = _context.Logits(index, Shape.VocabularySize);
            if (logits.IsEmpty)
                throw new StageEngineException($"llama.cpp gave no logits for row {index}.");
            LogitsObserver?.Invoke(rows[index], logits);
            _sampled[count++] = _sampler!.Sample(rows[index], logits);
        }
        return _sampled.AsMemory(0, count);
    }

    private void RollBack(ReadOnlySpan<BatchRow> rows)
    {
        foreach (var row in rows)
            _context.Remove(row.Slot, _slots.End(row.Slot));
    }

    private string Fill() => $"The cache's {Shape.CellCount} cells hold {_slots.PositionCount} positions of {Shape.SlotCount} slots.";

    private ValueTask Do(Action work) => new(_thread.RunAsync(() =>
    {
        work();
        return true;
    }));

    private void Release()
    {
        _sampler?.Dispose();
        _context.Dispose();
        _model.Dispose();
        _slice.Dispose();
        _embeddings?.Dispose();
        NativeRuntime.ReturnFreeMemory();
    }
}

/// <summary>Sees a sampled row's logits, which are valid only during the call.</summary>
internal delegate void LogitsObserver(BatchRow row, ReadOnlySpan<float> logits);
