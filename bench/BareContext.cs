using System.Diagnostics;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;
using OrleansInference.Silo.Engines.LlamaCpp.Sampling;

namespace OrleansInference.Bench;

/// <summary>The whole model in one llama.cpp context with one thread, fed token after token: what serving is held against.</summary>
internal sealed unsafe class BareContext : IDisposable
{
    private readonly SliceModel _model;
    private readonly LlamaContextHandle _context;
    private readonly GgmlThreadpoolHandle _threads;
    private readonly BatchColumns _columns = new(BenchOptions.PromptTokens);

    public BareContext(string path)
    {
        NativeRuntime.Load(configuredFolder: null);
        var pages = new LargePages();
        _model = SliceModel.Load(path, vocabularyOnly: false, null, CancellationToken.None);
        var parameters = LlamaNative.llama_context_default_params();
        parameters.n_ctx = BenchOptions.ContextLength;
        parameters.n_batch = parameters.n_ubatch = BenchOptions.PromptTokens;
        parameters.n_seq_max = 1;
        parameters.n_threads = parameters.n_threads_batch = 1;
        parameters.flash_attn_type = LlamaContextParams.FlashAttentionEnabled;
        parameters.kv_unified = 1;
        parameters.no_perf = 1;
        _context = LlamaNative.llama_init_from_model(_model.Handle, parameters);
        if (_context.IsInvalid)
            throw new InvalidOperationException($"llama.cpp could not make a context for {path}.");
        _context.KeepAlive(_model.Handle);
        // As an engine does: the weights were laid out anew, and their file's pages would only crowd out those of others.
        MappedPages.Release(path);
        pages.Apply();
        _threads = GgmlThreadpoolHandle.Create(1);
        LlamaNative.llama_attach_threadpool(_context, _threads, _threads);
    }

    /// <summary>Feeds the prompt as one batch, as a server does, then decodes greedily.</summary>
    /// <returns>Tokens per second, the prompt and the first token left out.</returns>
    public double Decode(ReadOnlySpan<int> prompt, int tokens)
    {
        _ = LlamaNative.llama_memory_seq_rm(LlamaNative.llama_get_memory(_context), 0, 0, -1);
        var token = Step(prompt, 0);

        var started = Stopwatch.GetTimestamp();
        for (var index = 1; index < tokens; index++)
            token = Step([token], prompt.Length + index - 1);
        return (tokens - 1) / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    public void Dispose()
    {
        _context.Dispose();
        _threads.Dispose();
        _columns.Dispose();
        _model.Dispose();
    }

    /// <summary>Feeds tokens at consecutive positions.</summary>
    /// <returns>The likeliest token after the last.</returns>
    private int Step(ReadOnlySpan<int> tokens, int position)
    {
        Span<BatchRow> rows = stackalloc BatchRow[tokens.Length];
        for (var row = 0; row < rows.Length; row++)
            rows[row] = new BatchRow(Slot: 0, position + row, Sample: row == rows.Length - 1);
        _columns.Fill(rows, everyRowIsOutput: false);
        fixed (int* input = tokens)
        {
            var batch = _columns.ToBatch(rows.Length, null);
            batch.token = input;
            if (LlamaNative.llama_decode(_context, batch) != 0)
                throw new InvalidOperationException($"llama_decode failed at position {position}.");
        }

        var logits = LlamaNative.llama_get_logits_ith(_context, tokens.Length - 1);
        return GreedyChoice.Of(new ReadOnlySpan<float>(logits, _model.VocabularySize));
    }
}
