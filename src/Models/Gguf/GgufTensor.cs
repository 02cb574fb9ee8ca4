using System.Collections.Immutable;

namespace OrleansInference.Models.Gguf;

/// <summary>One tensor of a <see cref="GgufFile"/>.</summary>
/// <param name="Dimensions">Elements per dimension, the fastest changing (row length) first; 1 to 4 of them.</param>
/// <param name="ByteLength">Bytes of the data, without padding.</param>
/// <param name="Part">Index in <see cref="GgufFile.Parts"/> of the file that holds the data.</param>
/// <param name="FileOffset">Byte offset of the data from the start of that file.</param>
public sealed record GgufTensor(string Name, ImmutableArray<long> Dimensions, GgmlType Type, long ByteLength, int Part, long FileOffset)
{
    public long ElementCount => Dimensions.Aggregate(1L, (product, dimension) => product * dimension);
}
