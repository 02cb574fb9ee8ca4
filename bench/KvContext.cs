using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Bench;

/// <summary>A slice's context on one thread, fed with random rows: one cache for all sequences, or one for each.</summary>
internal sealed unsafe class KvContext : IDisposable
{
    private readonly SliceModel _model;
    private readonly LlamaContextHandle _context;
    private readonly GgmlThreadpoolHandle _threads;
    private readonly BatchColumns _columns;
    private readonly nint _memory;
    private readonly float[] _hidden;
    private readonly int _slots;

    public KvContext(string slice, bool isUnified, int slots, int cellsPerSlot, int maximumRows)
    {
        NativeRuntime.Load(configuredFolder: null);
        _model = SliceModel.Load(slice, vocabularyOnly: false, null, CancellationToken.None);
        _slots = slots;
        var parameters = LlamaNative.llama_context_default_params();
        parameters.n_ctx = (uint)(slots * cellsPerSlot);
        parameters.n_batch = parameters.n_ubatch = (uint)maximumRows;
        parameters.n_seq_max = (uint)slots;
        parameters.n_threads = parameters.n_threads_batch = 1;
        parameters.flash_attn_type = LlamaContextParams.FlashAttentionEnabled;
        parameters.kv_unified = isUnified ? (byte)1 : (byte)0;
        parameters.no_perf = 1;
        _context = LlamaNative.llama_init_from_model(_model.Handle, parameters);
        if (_context.IsInvalid)
            throw new InvalidOperationException($"llama.cpp could not make a context for {slice}.");
        _context.KeepAlive(_model.Handle);
        _threads = GgmlThreadpoolHandle.Create(1);
        LlamaNative.llama_attach_threadpool(_context, _threads, _threads);
        _memory = LlamaNative.llama_get_memory(_context);
        _columns = new BatchColumns(maximumRows);
        var random = new Random(1);
        _hidden = [.. Enumerable.Range(0, maximumRows * _model.HiddenSize).Select(_ => (random.NextSingle() * 2) - 1)];
    }

    public void Decode(BatchRow[] rows)
    {
        _columns.Fill(rows, everyRowIsOutput: true);
        fixed (float* input = _hidden)
        {
            if (LlamaNative.llama_decode(_context, _columns.ToBatch(rows.Length, input)) != 0)
                throw new InvalidOperationException($"llama_decode failed on a batch of {rows.Length} rows.");
        }
    }

    /// <summary>Empties the cache, and gives the slots that are named the positions of a state.</summary>
    public void Fill(byte[] state, IEnumerable<int> slots)
    {
        for (var slot = 0; slot < _slots; slot++)
            Cut(slot, 0);
        fixed (byte* pointer = state)
        {
            foreach (var slot in slots)
            {
                if (LlamaNative.llama_state_seq_set_data(_context, pointer, (nuint)state.Length, slot) != (nuint)state.Length)
                    throw new InvalidOperationException($"llama.cpp did not take the state of slot {slot}.");
            }
        }
    }

    public void Cut(int slot, int fromPosition) => _ = LlamaNative.llama_memory_seq_rm(_memory, slot, fromPosition, -1);

    public byte[] Export(int slot)
    {
        var state = new byte[LlamaNative.llama_state_seq_get_size(_context, slot)];
        fixed (byte* pointer = state)
            _ = LlamaNative.llama_state_seq_get_data(_context, pointer, (nuint)state.Length, slot);
        return state;
    }

    public void Dispose()
    {
        _context.Dispose();
        _threads.Dispose();
        _columns.Dispose();
        _model.Dispose();
    }
}
