using System.Runtime.InteropServices;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>ggml.h's ggml_type_traits: 56 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct GgmlTypeTraits
{
    public nint type_name;
    public long blck_size;
    public long blck_size_interleave;
    public nuint type_size;
    public byte is_quantized;
    public delegate* unmanaged[Cdecl]<void*, float*, long, void> to_float;
    public nint from_float_ref;
}

/// <summary>The fields of ggml.h's ggml_tensor that are read here.</summary>
[StructLayout(LayoutKind.Explicit)]
internal unsafe struct GgmlTensor
{
    [FieldOffset(16)] public fixed long ne[4];
    [FieldOffset(256)] public fixed byte name[64];
}

/// <summary>ggml.h's ggml_threadpool_params: 528 bytes, the first 512 a mask of processors.</summary>
[StructLayout(LayoutKind.Explicit, Size = 528)]
internal struct GgmlThreadpoolParams
{
    [FieldOffset(512)] public int n_threads;
    [FieldOffset(516)] public int prio;
    [FieldOffset(520)] public uint poll;
    [FieldOffset(524)] public byte strict_cpu;
    [FieldOffset(525)] public byte paused;
}
