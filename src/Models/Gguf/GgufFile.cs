using System.Collections.Immutable;

namespace OrleansInference.Models.Gguf;

/// <summary>
/// A GGUF model (version 2 or 3), mapped into memory and read in place. A split model (name-00001-of-0000N.gguf) opens as one from any
/// of its parts.
/// What metadata and tensors give out points into the mapping: it is valid until the file is disposed.
/// </summary>
public sealed class GgufFile : IDisposable
{
    private readonly ImmutableArray<GgufPart> _parts;
    private readonly Dictionary<string, GgufTensor> _tensorsByName;

    private GgufFile(ImmutableArray<GgufPart> parts, ImmutableArray<GgufTensor> tensors, Dictionary<string, GgufTensor> tensorsByName)
    {
        _parts = parts;
        Tensors = tensors;
        _tensorsByName = tensorsByName;
    }

    /// <summary>Keys of the first part, which holds all that a model has.</summary>
    public GgufMetadata Metadata => _parts[0].Metadata;

    public ImmutableArray<GgufTensor> Tensors { get; }

    /// <summary>The files that make up the model, in order.</summary>
    public IEnumerable<string> Parts => _parts.Select(part => part.Path);

    /// <summary>Bytes of all parts.</summary>
    public long ByteLength => _parts.Sum(part => part.ByteLength);

    /// <summary>Opens a model and checks all of its header. Tensor data is not touched.</summary>
    /// <exception cref="ModelFormatException">The file is no sound GGUF file, or a part of a split model is missing or does not belong
    /// to it.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static GgufFile Open(string path)
    {
        var parts = GgufSplit.OpenParts(path);
        try
        {
            var tensors = GgufSplit.MergeTensors(parts);
            var byName = new Dictionary<string, GgufTensor>(tensors.Length);
            foreach (var tensor in tensors)
            {
                if (!byName.TryAdd(tensor.Name, tensor))
                    throw new ModelFormatException(
                        "the tensor is in two parts of the split model", parts[tensor.Part].Path, subject: tensor.Name);
            }

            return new GgufFile(parts, tensors, byName);
        }
        catch
        {
            foreach (var part in parts)
                part.Dispose();
            throw;
        }
    }

    public GgufTensor? FindTensor(string name) => _tensorsByName.GetValueOrDefault(name);

    /// <summary>Path of the file that holds the tensor's data, at <see cref="GgufTensor.FileOffset"/>.</summary>
    public string PathOf(GgufTensor tensor) => _parts[tensor.Part].Path;

    /// <summary><paramref name="count"/> bytes of the tensor's data from <paramref name="offset"/> on, in the mapping.</summary>
    public ReadOnlySpan<byte> Read(GgufTensor tensor, long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, tensor.ByteLength - count);
        return _parts[tensor.Part].Mapping.Span(tensor.FileOffset + offset, count);
    }

    public void Dispose()
    {
        foreach (var part in _parts)
            part.Dispose();
    }
}
