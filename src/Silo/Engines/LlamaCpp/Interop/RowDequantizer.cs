namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>
/// ggml's own conversion of a tensor's row to floats, so that a looked-up embedding equals the one that a graph would look up.
/// </summary>
internal sealed unsafe class RowDequantizer
{
    private readonly delegate* unmanaged[Cdecl]<void*, float*, long, void> _convert;
    private readonly bool _isFloat;

    /// <param name="type">The tensor's ggml type.</param>
    public RowDequantizer(int type)
    {
        _isFloat = type == GgmlNative.TypeF32;
        _convert = GgmlNative.ggml_get_type_traits(type)->to_float;
        if (!_isFloat && _convert is null)
            throw new StageEngineException($"ggml cannot turn rows of type {type} into floats.");
    }

    public void Convert(ReadOnlySpan<byte> row, Span<float> values)
    {
        fixed (byte* source = row)
        fixed (float* target = values)
        {
            if (_isFloat)
                row[..(values.Length * sizeof(float))].CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values));
            else
                _convert(source, target, values.Length);
        }
    }
}
