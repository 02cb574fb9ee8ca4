using System.Collections.Immutable;
using System.Text.Json.Serialization;
using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.Store;

/// <summary>A tensor in a blob.</summary>
/// <param name="Name">Name in the whole model.</param>
/// <param name="Dimensions">Elements per dimension, row length first.</param>
/// <param name="Offset">Byte offset in the blob.</param>
/// <param name="Bytes">Bytes of data, without padding.</param>
public sealed record ModelTensor(
    string Name,
    [property: JsonConverter(typeof(JsonStringEnumConverter<GgmlType>))] GgmlType Type,
    ImmutableArray<long> Dimensions, long Offset, long Bytes);
