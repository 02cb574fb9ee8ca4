using System.Runtime.InteropServices;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>What a slot held, in native memory.</summary>
internal sealed unsafe class NativeState : IDisposable
{
    private readonly byte* _address;
    private readonly int _length;

    private NativeState(byte* address, int length)
    {
        _address = address;
        _length = length;
    }

    /// <returns>Null when memory is short, or llama.cpp could not write the state.</returns>
    public static NativeState? TryTake(SliceContext context, int slot)
    {
        if (context.EndPosition(slot) == 0)
            return new NativeState(null, 0);
        var length = context.StateBytes(slot);
        try
        {
            var state = new NativeState((byte*)NativeMemory.Alloc((nuint)length), length);
            if (context.TryExport(slot, new Span<byte>(state._address, length)))
                return state;
            state.Dispose();
            return null;
        }
        catch (OutOfMemoryException)
        {
            return null;
        }
    }

    /// <summary>Puts it into an empty slot.</summary>
    public bool TryPut(SliceContext context, int slot, out string reason)
    {
        reason = "";
        return _length == 0 || context.TryImport(slot, new ReadOnlySpan<byte>(_address, _length), out reason);
    }

    public void Dispose() => NativeMemory.Free(_address);
}
