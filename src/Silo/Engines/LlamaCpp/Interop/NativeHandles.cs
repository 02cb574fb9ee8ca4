using Microsoft.Win32.SafeHandles;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

internal sealed class LlamaModelHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        LlamaNative.llama_model_free(handle);
        return true;
    }
}

/// <summary>A context keeps its model alive: llama.cpp frees nothing of the model while a context can still read it.</summary>
internal sealed class LlamaContextHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    private LlamaModelHandle? _model;

    public void KeepAlive(LlamaModelHandle model)
    {
        var added = false;
        model.DangerousAddRef(ref added);
        _model = model;
    }

    protected override bool ReleaseHandle()
    {
        LlamaNative.llama_free(handle);
        _model?.DangerousRelease();
        return true;
    }
}

internal sealed class LlamaSamplerHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        LlamaNative.llama_sampler_free(handle);
        return true;
    }
}

internal sealed unsafe class GgmlThreadpoolHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly delegate* unmanaged[Cdecl]<nint, void> _free;

    private GgmlThreadpoolHandle(nint pool, delegate* unmanaged[Cdecl]<nint, void> free) : base(ownsHandle: true)
    {
        _free = free;
        SetHandle(pool);
    }

    /// <summary>A pool that outlives graphs. Without one ggml starts and stops threads, spinning, for every graph.</summary>
    public static GgmlThreadpoolHandle Create(int threads)
    {
        // The functions live in whichever processor variant was chosen at start, so they are looked up there.
        var create = (delegate* unmanaged[Cdecl]<GgmlThreadpoolParams*, nint>)NativeRuntime.CpuFunction("ggml_threadpool_new"u8);
        var free = (delegate* unmanaged[Cdecl]<nint, void>)NativeRuntime.CpuFunction("ggml_threadpool_free"u8);
        GgmlThreadpoolParams parameters;
        GgmlNative.ggml_threadpool_params_init(&parameters, threads);
        // Threads sleep between graphs. At llama.cpp's default of 50 each would spin for about a tenth of a second after every graph, time
        // that other stages and silos want, to save one wake-up a batch.
        parameters.poll = 0;
        var pool = create(&parameters);
        return pool == 0
            ? throw new StageEngineException($"ggml could not create a pool of {threads} threads.")
            : new GgmlThreadpoolHandle(pool, free);
    }

    protected override bool ReleaseHandle()
    {
        _free(handle);
        return true;
    }
}
