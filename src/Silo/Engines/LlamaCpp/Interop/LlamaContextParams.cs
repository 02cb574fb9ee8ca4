using System.Runtime.InteropServices;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>llama.h's llama_context_params: 160 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LlamaContextParams
{
    public uint n_ctx;
    public uint n_batch;
    public uint n_ubatch;
    public uint n_seq_max;
    public uint n_rs_seq;
    public uint n_outputs_max;
    public uint n_outputs_max_per_seq;
    public int n_threads;
    public int n_threads_batch;
    public int ctx_type;
    public int rope_scaling_type;
    public int pooling_type;
    public int attention_type;
    public int flash_attn_type;
    public float rope_freq_base;
    public float rope_freq_scale;
    public float yarn_ext_factor;
    public float yarn_attn_factor;
    public float yarn_beta_fast;
    public float yarn_beta_slow;
    public uint yarn_orig_ctx;
    public float defrag_thold;
    public nint cb_eval;
    public nint cb_eval_user_data;
    public int type_k;
    public int type_v;
    public nint abort_callback;
    public nint abort_callback_data;
    public byte embeddings;
    public byte offload_kqv;
    public byte no_perf;
    public byte op_offload;
    public byte swa_full;
    public byte kv_unified;
    public nint samplers;
    public nuint n_samplers;
    public nint ctx_other;

    public const int FlashAttentionDisabled = 0;
    public const int FlashAttentionEnabled = 1;

    /// <summary>Those of a slice.</summary>
    /// <param name="isLast">Whether it ends in logits.</param>
    public static LlamaContextParams For(StageConfiguration configuration, bool isLast)
    {
        var parameters = LlamaNative.llama_context_default_params();
        parameters.n_ctx = (uint)configuration.CellCount;
        parameters.n_batch = parameters.n_ubatch = (uint)configuration.MaximumBatchRows;
        parameters.n_seq_max = (uint)configuration.SlotCount;
        // The head's output is rows × vocabulary: without this bound it alone could be hundreds of megabytes.
        parameters.n_outputs_max = isLast ? (uint)Math.Min(configuration.SlotCount, configuration.MaximumBatchRows) : 0;
        parameters.n_threads = parameters.n_threads_batch = configuration.Threads;
        // Chosen here and never left to llama.cpp: state that one context wrote is read by others only if these are the same.
        parameters.flash_attn_type = FlashAttentionEnabled;
        parameters.type_k = parameters.type_v = GgmlNative.TypeF16;
        parameters.kv_unified = configuration.HasCellsPerSlot == true ? (byte)0 : (byte)1;
        // A cache cut to the window could not be rolled back or copied exactly.
        parameters.swa_full = 1;
        parameters.embeddings = 0;
        parameters.no_perf = 1;
        return parameters;
    }
}
