using OrleansInference.Models.Gguf;
using OrleansInference.Models.RandomModels;

namespace OrleansInference.Models.Tests.Fixtures;

/// <summary>Small models for tests, whole or spoilt on purpose.</summary>
public static class TestModel
{
    /// <summary>A llama model of two layers and about 100 kB.</summary>
    public static RandomModelShape Small { get; } = RandomModelShape.Get("tiny-llama") with
    {
        Name = "small", HiddenSize = 32, LayerCount = 2, HeadCount = 2, KeyValueHeadCount = 1, HeadLength = 16, FeedForwardLength = 64,
        VocabularySize = 300,
    };

    public static string Write(
        TestFolder folder, RandomModelShape shape, GgmlType type = GgmlType.F32, string name = "model.gguf", ulong seed = 1)
    {
        var path = folder.At(name);
        RandomModel.Write(shape, type, seed, path);
        return path;
    }

    /// <summary>A copy of a model with keys changed, and tensors left out, added or changed in shape.</summary>
    /// <param name="edit">Changes keys.</param>
    /// <param name="select">Gives the name, type and dimensions to write a tensor with, or null to leave it out.</param>
    public static string Rewrite(
        string source, string target, Action<GgufWriter>? edit = null, Func<GgufTensor, GgufTensor?>? select = null,
        Func<string, bool>? keepKey = null, Action<GgufWriter>? addTensors = null)
    {
        using var file = GgufFile.Open(source);
        var writer = new GgufWriter();
        foreach (var key in file.Metadata.Keys.Where(key => keepKey?.Invoke(key) ?? true))
            writer.CopyKey(file.Metadata, key);
        edit?.Invoke(writer);
        foreach (var tensor in file.Tensors)
        {
            var changed = select is null ? tensor : select(tensor);
            if (changed is null)
                continue;
            var content = changed.Type == tensor.Type && changed.Dimensions.SequenceEqual(tensor.Dimensions)
                ? GgufTensorContent.Copy(file.PathOf(tensor), tensor.FileOffset)
                : Zeros(changed);
            writer.AddTensor(changed.Name, changed.Type, changed.Dimensions, content);
        }

        addTensors?.Invoke(writer);
        using var stream = File.Create(target);
        writer.WriteTo(stream);
        return target;
    }

    public static GgufTensorContent Zeros(GgufTensor tensor)
    {
        GgmlLayout.Of(tensor.Type).TryGetByteLength(tensor.Dimensions.AsSpan(), out var bytes).ShouldBeTrue();
        return GgufTensorContent.Generate((stream, _) => stream.Write(new byte[bytes]));
    }

    public static ReadOnlySpan<byte> Bytes(GgufFile file, string tensor)
    {
        var found = file.FindTensor(tensor).ShouldNotBeNull(tensor);
        return file.Read(found, 0, (int)found.ByteLength);
    }

    public static void ShouldHoldTheSame(GgufFile file, string tensor, GgufFile other, string? otherTensor = null) =>
        Bytes(file, tensor).SequenceEqual(Bytes(other, otherTensor ?? tensor)).ShouldBeTrue(tensor);
}
