namespace OrleansInference.Models.Gguf;

/// <summary>Where one metadata value lies in the mapping. For arrays the bytes begin with element type and count.</summary>
/// <param name="ElementType">Type of the elements of an array; the type itself otherwise.</param>
/// <param name="Count">Elements of an array; 1 otherwise.</param>
internal readonly record struct GgufEntry(
    string Key, GgufValueType Type, GgufValueType ElementType, int Count, long Offset, int ByteLength);
