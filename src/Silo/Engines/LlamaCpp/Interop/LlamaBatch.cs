using System.Runtime.InteropServices;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>llama.h's llama_batch: 56 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LlamaBatch
{
    public int n_tokens;
    public int* token;
    public float* embd;
    public int* pos;
    public int* n_seq_id;
    public int** seq_id;
    public sbyte* logits;
}
