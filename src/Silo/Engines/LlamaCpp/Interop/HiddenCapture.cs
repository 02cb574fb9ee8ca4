using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>
/// Takes the last layer's output out of the graph and ends the graph there. Everything that the callbacks touch is native memory,
/// so they cannot throw and need no handle to a managed object.
/// </summary>
internal sealed unsafe class HiddenCapture : IDisposable
{
    private readonly State* _state;
    private readonly float[] _rows;
    private readonly int _hiddenSize;

    public HiddenCapture(int layerCount, int hiddenSize, int maximumRows)
    {
        _hiddenSize = hiddenSize;
        _rows = GC.AllocateArray<float>(hiddenSize * maximumRows, pinned: true);
        _state = (State*)NativeMemory.AllocZeroed((nuint)sizeof(State));
        _state->HiddenSize = hiddenSize;
        _state->MaximumRows = maximumRows;
        _state->Rows = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_rows));
        var name = Encoding.ASCII.GetBytes($"l_out-{layerCount - 1}\0");
        name.CopyTo(new Span<byte>(_state->Name, 64));
        _state->NameLength = name.Length;
    }

    /// <summary>Rows captured since <see cref="Reset"/>; -1 when the tensor was not of the expected shape.</summary>
    public int RowCount => _state->Malformed != 0 ? -1 : _state->RowCount;

    public ReadOnlyMemory<float> Rows(int count) => new(_rows, 0, count * _hiddenSize);

    public void Reset()
    {
        _state->RowCount = 0;
        _state->Malformed = 0;
    }

    public void Attach(ref LlamaContextParams parameters)
    {
        parameters.cb_eval = (nint)(delegate* unmanaged[Cdecl]<GgmlTensor*, byte, State*, byte>)&OnTensor;
        parameters.cb_eval_user_data = (nint)_state;
    }

    public void Dispose() => NativeMemory.Free(_state);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte OnTensor(GgmlTensor* tensor, byte ask, State* state)
    {
        if (ask != 0)
            return IsWanted(tensor->name, state) ? (byte)1 : (byte)0;
        var rows = tensor->ne[1];
        if (tensor->ne[0] != state->HiddenSize || rows > state->MaximumRows - state->RowCount)
        {
            state->Malformed = 1;
            return 0;
        }
        var destination = state->Rows + (long)state->RowCount * state->HiddenSize;
        GgmlNative.ggml_backend_tensor_get(tensor, destination, 0, (nuint)(rows * state->HiddenSize * sizeof(float)));
        state->RowCount += (int)rows;
        return 0;
    }

    private static bool IsWanted(byte* name, State* state) =>
        new ReadOnlySpan<byte>(name, state->NameLength).SequenceEqual(new ReadOnlySpan<byte>(state->Name, state->NameLength));

    private struct State
    {
        public float* Rows;
        public int HiddenSize;
        public int MaximumRows;
        public int RowCount;
        public int Malformed;
        public int NameLength;
        public fixed byte Name[64];
    }
}
