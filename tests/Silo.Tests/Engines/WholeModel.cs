using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;
using OrleansInference.Silo.Engines.LlamaCpp.Sampling;

namespace OrleansInference.Silo.Tests.Engines;

/// <summary>The unsplit model in one bare context that is fed tokens: what slices must equal.</summary>
internal sealed unsafe class WholeModel : IModelRunner
{
    private readonly SliceModel _model;
    private readonly LlamaContextHandle _context;
    private readonly GgmlThreadpoolHandle _threads;
    private readonly CandidateList _candidates;
    private readonly Dictionary<int, SequenceSampler> _sequences = [];

    public WholeModel(TestModel model, int slots = 8, int cells = 512, int rows = 64, int threads = 1)
    {
        _model = SliceModel.Load(model.Path, vocabularyOnly: false, null, CancellationToken.None);
        var parameters = LlamaNative.llama_context_default_params();
        parameters.n_ctx = (uint)cells;
        parameters.n_batch = parameters.n_ubatch = (uint)rows;
        parameters.n_seq_max = (uint)slots;
        parameters.n_threads = parameters.n_threads_batch = threads;
        parameters.flash_attn_type = LlamaContextParams.FlashAttentionEnabled;
        parameters.kv_unified = 1;
        parameters.no_perf = 1;
        _context = LlamaNative.llama_init_from_model(_model.Handle, parameters);
        _context.IsInvalid.ShouldBeFalse();
        _context.KeepAlive(_model.Handle);
        _threads = GgmlThreadpoolHandle.Create(threads);
        LlamaNative.llama_attach_threadpool(_context, _threads, _threads);
        _candidates = new CandidateList(_model.VocabularySize);
    }

    public Task OpenAsync(int slot, SamplingParameters sampling, int[] history)
    {
        if (_sequences.Remove(slot, out var old))
            old.Dispose();
        _sequences[slot] = new SequenceSampler(sampling, history, _model.VocabularySize);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<Drawn>> DecodeAsync(BatchRow[] rows, int[] tokens)
    {
        using var columns = new BatchColumns(rows.Length);
        columns.Fill(rows, everyRowIsOutput: false);
        fixed (int* input = tokens)
        {
            var batch = columns.ToBatch(rows.Length, null);
            batch.token = input;
            LlamaNative.llama_decode(_context, batch).ShouldBe(0);
        }
        var drawn = new List<Drawn>();
        for (var index = 0; index < rows.Length; index++)
        {
            if (!rows[index].Sample)
                continue;
            var logits = new ReadOnlySpan<float>(LlamaNative.llama_get_logits_ith(_context, index), _model.VocabularySize).ToArray();
            drawn.Add(new Drawn(_sequences[rows[index].Slot].Sample(rows[index], logits, _candidates), logits));
        }
        return Task.FromResult<IReadOnlyList<Drawn>>(drawn);
    }

    /// <summary>One token at a time, nothing else: the loop that an engine's speed is held against.</summary>
    public void DecodeOne(int token, int position)
    {
        var slot = 0;
        var pointer = &slot;
        sbyte output = 1;
        var count = 1;
        var batch = new LlamaBatch
        {
            n_tokens = 1, token = &token, pos = &position, n_seq_id = &count, seq_id = &pointer, logits = &output,
        };
        LlamaNative.llama_decode(_context, batch).ShouldBe(0);
    }

    public ValueTask DisposeAsync()
    {
        foreach (var sequence in _sequences.Values)
            sequence.Dispose();
        _candidates.Dispose();
        _context.Dispose();
        _threads.Dispose();
        _model.Dispose();
        return ValueTask.CompletedTask;
    }
}
