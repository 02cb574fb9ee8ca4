namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>A loaded GGUF: a slice, a whole model, or a vocabulary alone.</summary>
internal sealed unsafe class SliceModel : IDisposable
{
    private SliceModel(LlamaModelHandle handle) => Handle = handle;

    public LlamaModelHandle Handle { get; }

    public int HiddenSize => LlamaNative.llama_model_n_embd(Handle);

    public int LayerCount => LlamaNative.llama_model_n_layer(Handle);

    /// <summary>Whether some layers see only the latest positions.</summary>
    public bool HasSlidingWindow => LlamaNative.llama_model_n_swa(Handle) > 0;

    public int VocabularySize => LlamaNative.llama_vocab_n_tokens(LlamaNative.llama_model_get_vocab(Handle));

    /// <summary>Maps a file, and copies it to the accelerator if there is one; the native runtime must be loaded.</summary>
    /// <exception cref="StageEngineException">The file is not what llama.cpp takes; the message has its reason.</exception>
    public static SliceModel Load(
        string path, bool vocabularyOnly, IProgress<double>? progress, CancellationToken cancellation, Accelerator? accelerator = null)
    {
        cancellation.ThrowIfCancellationRequested();
        if (!File.Exists(path))
            throw new StageEngineException($"{path} does not exist.");
        var parameters = LlamaNative.llama_model_default_params();
        parameters.load_mode = LlamaModelParams.LoadModeMemoryMapped;
        (accelerator ?? Accelerator.None).Use(ref parameters);
        parameters.vocab_only = vocabularyOnly ? (byte)1 : (byte)0;
        using var watcher = new LoadProgress(progress, cancellation);
        watcher.Attach(ref parameters);
        var handle = NativeLog.Collect(() => LlamaNative.llama_model_load_from_file(path, parameters), out var reason);
        if (!handle.IsInvalid)
            return new SliceModel(handle);
        handle.Dispose();
        cancellation.ThrowIfCancellationRequested();
        throw new StageEngineException($"llama.cpp could not load {path}: {reason}.");
    }

    public void Dispose() => Handle.Dispose();
}
