using System.Collections.Immutable;

namespace OrleansInference.Models.Store;

/// <summary>A file of the store, found by what it holds.</summary>
/// <param name="Sha256">64 lower-case hexadecimal digits.</param>
public sealed record ModelBlob(string Sha256, long Bytes, ImmutableArray<ModelTensor> Tensors)
{
    public ModelTensor? Find(string tensor) => Tensors.FirstOrDefault(candidate => candidate.Name == tensor);
}
