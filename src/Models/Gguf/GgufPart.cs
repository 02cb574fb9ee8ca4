using System.Collections.Immutable;

namespace OrleansInference.Models.Gguf;

/// <summary>One file of a model: its mapping and its checked header.</summary>
internal sealed record GgufPart(MappedFile Mapping, GgufMetadata Metadata, ImmutableArray<GgufTensor> Tensors) : IDisposable
{
    public string Path => Mapping.Path;

    public long ByteLength => Mapping.ByteLength;

    public void Dispose() => Mapping.Dispose();
}
