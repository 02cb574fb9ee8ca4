using System.Runtime.InteropServices;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>
/// The sizes and offsets that the pinned llama.cpp was compiled with; checked once, before the first call that passes a struct.
/// </summary>
internal static unsafe class NativeLayout
{
    public static void Verify()
    {
        RequireSize<LlamaModelParams>(sizeof(LlamaModelParams), 80);
        RequireSize<LlamaContextParams>(sizeof(LlamaContextParams), 160);
        RequireSize<LlamaBatch>(sizeof(LlamaBatch), 56);
        RequireSize<LlamaTokenData>(sizeof(LlamaTokenData), 12);
        RequireSize<LlamaTokenDataArray>(sizeof(LlamaTokenDataArray), 32);
        RequireSize<LlamaLogitBias>(sizeof(LlamaLogitBias), 8);
        RequireSize<LlamaSamplerChainParams>(sizeof(LlamaSamplerChainParams), 1);
        RequireSize<GgmlTypeTraits>(sizeof(GgmlTypeTraits), 56);
        RequireSize<GgmlThreadpoolParams>(sizeof(GgmlThreadpoolParams), 528);
        RequireOffset<LlamaModelParams>(nameof(LlamaModelParams.progress_callback), 48);
        RequireOffset<LlamaModelParams>(nameof(LlamaModelParams.vocab_only), 72);
        RequireOffset<LlamaContextParams>(nameof(LlamaContextParams.n_threads), 28);
        RequireOffset<LlamaContextParams>(nameof(LlamaContextParams.flash_attn_type), 52);
        RequireOffset<LlamaContextParams>(nameof(LlamaContextParams.yarn_orig_ctx), 80);
        RequireOffset<LlamaContextParams>(nameof(LlamaContextParams.cb_eval), 88);
        RequireOffset<LlamaContextParams>(nameof(LlamaContextParams.type_k), 104);
        RequireOffset<LlamaContextParams>(nameof(LlamaContextParams.abort_callback), 112);
        RequireOffset<LlamaContextParams>(nameof(LlamaContextParams.embeddings), 128);
        RequireOffset<LlamaContextParams>(nameof(LlamaContextParams.kv_unified), 133);
        RequireOffset<LlamaContextParams>(nameof(LlamaContextParams.ctx_other), 152);
        RequireOffset<LlamaBatch>(nameof(LlamaBatch.logits), 48);
        RequireOffset<GgmlTypeTraits>(nameof(GgmlTypeTraits.to_float), 40);
    }

    private static void RequireSize<T>(int actual, int expected) where T : unmanaged
    {
        if (actual != expected)
            throw new NativeRuntimeException(
                $"{typeof(T).Name} has {actual} bytes here and {expected} in llama.cpp {NativeVersion.Pinned}.");
    }

    private static void RequireOffset<T>(string field, int expected) where T : unmanaged
    {
        var actual = (int)Marshal.OffsetOf<T>(field);
        if (actual != expected)
            throw new NativeRuntimeException(
                $"{typeof(T).Name}.{field} is at {actual} here and at {expected} in llama.cpp {NativeVersion.Pinned}.");
    }
}
