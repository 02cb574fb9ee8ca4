using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>
/// A slice's context: cache, compute buffers and threads. One thread at a time; arguments must have been checked, because ggml
/// answers a wrong one by ending the process.
/// </summary>
internal sealed unsafe class SliceContext : IDisposable
{
    /// <summary>What llama_decode answers when it was broken off.</summary>
    private const int Aborted = 2;

    private readonly LlamaContextHandle _context;
    private readonly GgmlThreadpoolHandle _threads;
    private readonly HiddenCapture? _capture;
    private readonly nint _memory;
    private readonly BatchColumns _columns;
    private readonly int* _abort;
    private readonly ComputeGate _gate;
    private readonly Func<bool> _isAborted;
    private readonly StageConfiguration _configuration;
    private readonly PassRows? _passRows;
    private readonly TileFill? _fill;
    private readonly Func<int, int> _seatEnd;
    private readonly BatchRow[] _seatedRows;
    private readonly int _hiddenSize;
    private readonly int _vocabularySize;
    private bool _isCopyPending;

    private SliceContext(
        LlamaContextHandle context, GgmlThreadpoolHandle threads, HiddenCapture? capture, SliceModel model,
        StageConfiguration configuration, ComputeGate gate, int* abort)
    {
        _context = context;
        _gate = gate;
        _isAborted = () => Volatile.Read(ref *_abort) != 0;
        _configuration = configuration;
        (_hiddenSize, _vocabularySize) = (model.HiddenSize, model.VocabularySize);
        if (configuration.HasCellsPerSlot == true)
            _passRows = new PassRows(configuration.SlotCount, configuration.MaximumBatchRows, _hiddenSize, _vocabularySize);
        Seats = new SlotSeats(configuration.SlotCount);
        _seatedRows = new BatchRow[configuration.MaximumBatchRows];
        _threads = threads;
        _capture = capture;
        _abort = abort;
        _memory = LlamaNative.llama_get_memory(context);
        _columns = new BatchColumns(configuration.MaximumBatchRows);
        CellCount = (int)LlamaNative.llama_n_ctx(context);
        SlotCellCount = (int)LlamaNative.llama_n_ctx_seq(context);
        _seatEnd = seat => LlamaNative.llama_memory_seq_pos_max(_memory, seat) + 1;
        // A row may take the cell of one that went out of the window: behind it a slot cannot go back.
        if (_passRows is not null && !model.HasSlidingWindow && configuration.FillsBatches != false)
            _fill = new TileFill(configuration.SlotCount, SlotCellCount, isMeasured: configuration.FillsBatches is null);
    }

    /// <summary>What llama.cpp made of the wanted number: the next multiple of 256.</summary>
    public int CellCount { get; }

    public bool HasCellsPerSlot => _passRows is not null;

    /// <summary>The cells that one slot may fill: all of them where slots share them.</summary>
    public int SlotCellCount { get; }

    /// <summary>The sequence of llama.cpp that holds each slot.</summary>
    public SlotSeats Seats { get; }

    /// <param name="isLast">Whether the slice ends in logits; otherwise the last layer's output is captured.</param>
    /// <param name="gate">Shared by all slices of the process.</param>
    public static SliceContext Create(SliceModel model, StageConfiguration configuration, bool isLast, ComputeGate gate)
    {
        configuration = configuration with
        {
            HasCellsPerSlot = configuration.HasCellsPerSlot
                ?? KvLayout.IsPerSlot(configuration.SlotCount, configuration.CellCount, model.HasSlidingWindow),
        };
        var capture = isLast ? null : new HiddenCapture(model.LayerCount, model.HiddenSize, configuration.MaximumBatchRows);
        var abort = (int*)NativeMemory.AllocZeroed(sizeof(int));
        GgmlThreadpoolHandle? threads = null;
        try
        {
            var parameters = LlamaContextParams.For(configuration, isLast);
            capture?.Attach(ref parameters);
            parameters.abort_callback = (nint)(delegate* unmanaged[Cdecl]<int*, byte>)&IsAborted;
            parameters.abort_callback_data = (nint)abort;
            threads = GgmlThreadpoolHandle.Create(configuration.Threads);
            var context = NativeLog.Collect(() => LlamaNative.llama_init_from_model(model.Handle, parameters), out var reason);
            if (context.IsInvalid)
            {
                context.Dispose();
                throw new StageEngineException(
                    $"llama.cpp could not make a context of {configuration.CellCount} cells for {configuration.SlotCount} slots: "
                    + $"{reason}.");
            }
            context.KeepAlive(model.Handle);
            LlamaNative.llama_attach_threadpool(context, threads, threads);
            return new SliceContext(context, threads, capture, model, configuration, gate, abort);
        }
        catch
        {
            threads?.Dispose();
            capture?.Dispose();
            NativeMemory.Free(abort);
            throw;
        }
    }

    /// <summary>Rows that the last batch was filled up with.</summary>
    public int FillCount { get; private set; }

    /// <summary>Time stamp of when the last decode had its turn on the processors.</summary>
    public long DecodeBegunAt { get; private set; }

    /// <returns>llama_decode's answer: 0 done, 1 no cells left, 2 aborted, less than 0 failed.</returns>
    public int Decode(ReadOnlySpan<BatchRow> rows, ReadOnlySpan<float> hidden)
    {
        rows = Seats.Seat(rows, _seatedRows);
        FillCount = _fill?.Fill(_seatedRows, rows.Length, _seatEnd) ?? 0;
        rows = _seatedRows.AsSpan(0, rows.Length + FillCount);
        _capture?.Reset();
        _passRows?.Cut(rows, FillCount);
        if (!_gate.Enter(_configuration.Threads, _isAborted))
            return Aborted;
        DecodeBegunAt = Stopwatch.GetTimestamp();
        try
        {
            var answer = _passRows is null or { IsPlain: true } ? DecodeAtOnce(rows, hidden) : DecodeInPasses(_passRows, rows, hidden);
            if (answer == 0)
                _fill?.Observe(rows, Stopwatch.GetTimestamp() - DecodeBegunAt);
            return answer;
        }
        finally
        {
            foreach (var row in rows[^FillCount..])
                _ = LlamaNative.llama_memory_seq_rm(_memory, row.Slot, row.Position, -1);
            // Before it computes anything, llama.cpp carries out the copies that it was asked for.
            _isCopyPending = false;
            _gate.Leave(_configuration.Threads);
        }
    }

    private int DecodeAtOnce(ReadOnlySpan<BatchRow> rows, ReadOnlySpan<float> hidden)
    {
        _columns.Fill(rows, everyRowIsOutput: _capture is not null);
        fixed (float* input = hidden)
            return LlamaNative.llama_decode(_context, _columns.ToBatch(rows.Length, input));
    }

    private int DecodeInPasses(PassRows passRows, ReadOnlySpan<BatchRow> rows, ReadOnlySpan<float> hidden)
    {
        var passes = passRows.Passes;
        fixed (float* input = passRows.Gather(hidden))
        {
            for (var pass = 0; pass < passes.Count; pass++)
            {
                var (start, count) = passes[pass].GetOffsetAndLength(rows.Length);
                var order = passes.Order.Slice(start, count);
                _columns.Fill(rows, order, everyRowIsOutput: _capture is not null);
                var answer = LlamaNative.llama_decode(_context, _columns.ToBatch(count, input + ((long)start * _hiddenSize)));
                if (answer != 0)
                    return answer;
                if (_capture is null)
                    KeepLogits(passRows, rows[..^FillCount], order);
            }
        }
        return 0;
    }

    private void KeepLogits(PassRows passRows, ReadOnlySpan<BatchRow> rows, ReadOnlySpan<int> order)
    {
        for (var index = 0; index < order.Length; index++)
        {
            if (order[index] < rows.Length && rows[order[index]].Sample)
                passRows.KeepLogits(order[index], NativeLogits(index, _vocabularySize));
        }
    }

    /// <summary>Rows of the last decode; -1 when they were not of the slice's shape.</summary>
    public int CapturedRowCount => _capture is null or { RowCount: < 0 } ? -1 : _capture.RowCount - FillCount;

    public ReadOnlyMemory<float> CapturedRows(int count) =>
        _capture is null ? default : _passRows?.PutBack(_capture.Rows(count + FillCount)) ?? _capture.Rows(count);

    /// <summary>The logits of a row of the last decode that asked for output; valid until the next one.</summary>
    public ReadOnlySpan<float> Logits(int row, int vocabularySize) =>
        _passRows is null or { IsPlain: true } ? NativeLogits(row, vocabularySize) : _passRows.Logits(row);

    private ReadOnlySpan<float> NativeLogits(int row, int vocabularySize)
    {
        var logits = LlamaNative.llama_get_logits_ith(_context, row);
        return logits is null ? default : new ReadOnlySpan<float>(logits, vocabularySize);
    }

    public void Remove(int slot, int fromPosition) => _ = LlamaNative.llama_memory_seq_rm(_memory, Seats[slot], fromPosition, -1);

    public void Copy(int sourceSlot, int targetSlot, int endPosition)
    {
        if (_passRows is null)
        {
            LlamaNative.llama_memory_seq_cp(_memory, Seats[sourceSlot], Seats[targetSlot], 0, endPosition);
            return;
        }
        // From one slot's cells to another's llama.cpp copies all of them or fails an assertion.
        LlamaNative.llama_memory_seq_cp(_memory, Seats[sourceSlot], Seats[targetSlot], 0, -1);
        Remove(targetSlot, endPosition);
        _isCopyPending = true;
    }

    /// <summary>
    /// Makes llama.cpp carry out a copy that waits for the next batch, by computing a row that is forgotten: state that is read or written
    /// before would be what the cells held earlier.
    /// </summary>
    private void FinishCopy()
    {
        if (!_isCopyPending)
            return;
        for (var slot = 0; slot < _configuration.SlotCount; slot++)
        {
            var end = EndPosition(slot);
            if (end == SlotCellCount)
                continue;
            var answer = Decode([new BatchRow(slot, end, Sample: false)], new float[_hiddenSize]);
            Remove(slot, end);
            if (answer != 0)
                throw new StageEngineException($"llama.cpp failed to finish the copy of a slot ({answer}).");
            return;
        }
        throw new StageEngineException("The copy of a slot cannot be finished: every slot is full.");
    }

    /// <summary>One past the last position in a slot.</summary>
    public int EndPosition(int slot) => _seatEnd(Seats[slot]);

    public int StateBytes(int slot) => checked((int)LlamaNative.llama_state_seq_get_size(_context, Seats[slot]));

    public bool TryExport(int slot, Span<byte> state)
    {
        FinishCopy();
        fixed (byte* pointer = state)
            return LlamaNative.llama_state_seq_get_data(_context, pointer, (nuint)state.Length, Seats[slot]) == (nuint)state.Length;
    }

    public bool TryImport(int slot, ReadOnlySpan<byte> state, out string reason)
    {
        FinishCopy();
        fixed (byte* pointer = state)
        {
            var (source, size) = ((nint)pointer, (nuint)state.Length);
            return NativeLog.Collect(() => LlamaNative.llama_state_seq_set_data(_context, (byte*)source, size, Seats[slot]), out reason) == size;
        }
    }

    /// <summary>Two slots with cells of their own change places, with what they hold.</summary>
    /// <returns>False when memory is short: nothing has changed then.</returns>
    /// <exception cref="StageEngineException">llama.cpp fails; what both slots hold is lost, and they are to be cleared.</exception>
    public bool TryExchange(int slot, int other)
    {
        using var state = NativeState.TryTake(this, slot);
        using var otherState = NativeState.TryTake(this, other);
        if (state is null || otherState is null)
            return false;
        Remove(slot, 0);
        Remove(other, 0);
        Seats.Exchange(slot, other);
        if (state.TryPut(this, slot, out var reason) && otherState.TryPut(this, other, out reason))
            return true;
        throw new StageEngineException($"llama.cpp could not move slots {slot} and {other}: {reason}.");
    }

    /// <summary>Makes a decode that runs or waits for its turn end soon; from any thread, while the context lives.</summary>
    public void Abort()
    {
        Volatile.Write(ref *_abort, 1);
        _gate.Wake();
    }

    public void Dispose()
    {
        _context.Dispose();
        _threads.Dispose();
        _capture?.Dispose();
        _columns.Dispose();
        NativeMemory.Free(_abort);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte IsAborted(int* abort) => Volatile.Read(ref *abort) != 0 ? (byte)1 : (byte)0;
}
