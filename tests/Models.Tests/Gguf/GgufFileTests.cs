using OrleansInference.Models.Architectures;
using OrleansInference.Models.Gguf;
using OrleansInference.Models.Tests.Fixtures;

namespace OrleansInference.Models.Tests.Gguf;

public sealed class GgufFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_WhenPebble_ReadsKeysAndTensors()
    {
        using var file = GgufFile.Open(Pebble.Path);

        file.Metadata.GetString("general.architecture").ShouldBe("llama");
        file.Metadata.GetInteger("llama.block_count").ShouldBe(Pebble.LayerCount);
        file.Metadata.GetArray("tokenizer.ggml.tokens").Strings().First().ShouldBe("<|endoftext|>");
        file.Metadata.GetArray("tokenizer.ggml.tokens").Count.ShouldBe(1024);
        var embedding = file.FindTensor("token_embd.weight").ShouldNotBeNull();
        embedding.Dimensions.ShouldBe([128, 1024]);
        embedding.Type.ShouldBe(GgmlType.Q8_0);
        embedding.ByteLength.ShouldBe(1024 * 128 / 32 * 34);
        file.Tensors.Length.ShouldBe(74);
    }

    /// <summary>As files of 2023 are that are still fetched a lot.</summary>
    [Fact]
    public void Open_WhenOfVersion2_ReadsTheSameAsOfVersion3()
    {
        var bytes = File.ReadAllBytes(Pebble.Path);
        bytes[4] = 2;
        File.WriteAllBytes(_folder.At("older.gguf"), bytes);

        using var older = GgufFile.Open(_folder.At("older.gguf"));

        using var pebble = GgufFile.Open(Pebble.Path);
        older.Metadata.Keys.ShouldBe(pebble.Metadata.Keys);
        older.Tensors.Select(tensor => (tensor.Name, tensor.FileOffset)).ShouldBe(
            pebble.Tensors.Select(tensor => (tensor.Name, tensor.FileOffset)));
        ModelDescription.Read(older).ShouldBe(ModelDescription.Read(pebble));
    }

    [Fact]
    public void Open_WhenWrittenWithEveryValueType_GivesTheSameValues()
    {
        var path = new GgufBytes(0, 13)
            .Text("u8").U32(0).U8(200)
            .Text("i8").U32(1).U8(0xff)
            .Text("u16").U32(2).Raw([0xff, 0xff])
            .Text("i16").U32(3).Raw([0xff, 0xff])
            .Text("u32").U32(4).U32(uint.MaxValue)
            .Text("i32").U32(5).U32(uint.MaxValue)
            .Text("f32").U32(6).U32(BitConverter.SingleToUInt32Bits(1.5f))
            .Text("bool").U32(7).U8(1)
            .Text("string").U32(8).Text("grüße")
            .Text("array").U32(9).U32(5).U64(3).U32(1).U32(unchecked((uint)-2)).U32(3)
            .Text("u64").U32(10).U64(long.MaxValue)
            .Text("i64").U32(11).U64(ulong.MaxValue)
            .Text("f64").U32(12).U64(BitConverter.DoubleToUInt64Bits(-2.25))
            .Save(_folder);

        using var file = GgufFile.Open(path);

        var metadata = file.Metadata;
        metadata.Keys.ShouldBe(["u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "array", "u64", "i64", "f64"]);
        metadata.GetInteger("u8").ShouldBe(200);
        metadata.GetInteger("i8").ShouldBe(-1);
        metadata.GetInteger("u16").ShouldBe(65535);
        metadata.GetInteger("i16").ShouldBe(-1);
        metadata.GetInteger("u32").ShouldBe(uint.MaxValue);
        metadata.GetInteger("i32").ShouldBe(-1);
        metadata.GetFloat("f32").ShouldBe(1.5);
        metadata.GetBoolean("bool").ShouldBeTrue();
        metadata.GetString("string").ShouldBe("grüße");
        Enumerable.Range(0, 3).Select(metadata.GetArray("array").GetInteger).ShouldBe([1, -2, 3]);
        metadata.GetInteger("u64").ShouldBe(long.MaxValue);
        metadata.GetInteger("i64").ShouldBe(-1);
        metadata.GetFloat("f64").ShouldBe(-2.25);
    }

    [Fact]
    public void Metadata_WhenKeyIsMissingOrOfAnotherType_NamesTheKey()
    {
        using var file = GgufFile.Open(Pebble.Path);

        var missing = Should.Throw<ModelFormatException>(() => file.Metadata.GetInteger("llama.nothing"));
        missing.Subject.ShouldBe("llama.nothing");
        var wrong = Should.Throw<ModelFormatException>(() => file.Metadata.GetInteger("general.architecture"));
        wrong.Message.ShouldContain("general.architecture");
        wrong.Message.ShouldContain("integer");
        Should.Throw<ModelFormatException>(() => file.Metadata.GetString("llama.block_count"));
        Should.Throw<ModelFormatException>(() => file.Metadata.GetArray("llama.block_count"));
        Should.Throw<ModelFormatException>(() => file.Metadata.GetArray("tokenizer.ggml.tokens").GetInteger(0));
        file.Metadata.FindInteger("llama.nothing").ShouldBeNull();
    }

    [Fact]
    public void Read_WhenRangeIsOutsideTheTensor_Throws()
    {
        using var file = GgufFile.Open(Pebble.Path);
        var tensor = file.Tensors[0];

        file.Read(tensor, tensor.ByteLength - 1, 1).Length.ShouldBe(1);
        Should.Throw<ArgumentOutOfRangeException>(() => file.Read(tensor, tensor.ByteLength, 1).Length);
        Should.Throw<ArgumentOutOfRangeException>(() => file.Read(tensor, -1, 1).Length);
    }

    [Fact]
    public void Read_WhenDisposed_Throws()
    {
        var file = GgufFile.Open(Pebble.Path);
        file.Dispose();

        Should.Throw<ObjectDisposedException>(() => file.Read(file.Tensors[0], 0, 1).Length);
        Should.Throw<ObjectDisposedException>(() => file.Metadata.GetString("general.architecture"));
    }

    [Fact]
    public void Open_WhenFileDoesNotExist_SaysSo() => Should.Throw<FileNotFoundException>(() => GgufFile.Open(_folder.At("nothing.gguf")));

    [Fact]
    public void Writer_WhenModelIsRewritten_KeepsKeysAndData()
    {
        var copy = TestModel.Rewrite(Pebble.Path, _folder.At("copy.gguf"), writer => writer.SetString("general.name", "renamed"));

        using var original = GgufFile.Open(Pebble.Path);
        using var file = GgufFile.Open(copy);
        file.Metadata.Keys.ShouldBe(original.Metadata.Keys);
        file.Metadata.GetString("general.name").ShouldBe("renamed");
        foreach (var tensor in original.Tensors)
            TestModel.ShouldHoldTheSame(file, tensor.Name, original);
    }

    [Fact]
    public void Writer_WhenArrayIsCut_KeepsTheRange()
    {
        var source = new GgufWriter();
        source.SetInt32s("numbers", [10, 11, 12, 13]);
        source.SetStrings("texts", ["a", "b"]);
        var path = Save(source, "source.gguf");
        using var file = GgufFile.Open(path);

        var cut = new GgufWriter();
        cut.CopyArrayRange(file.Metadata, "numbers", 1, 3);

        using var result = GgufFile.Open(Save(cut, "cut.gguf"));
        var array = result.Metadata.GetArray("numbers");
        Enumerable.Range(0, array.Count).Select(array.GetInteger).ShouldBe([11, 12]);
        Should.Throw<ModelFormatException>(() => cut.CopyArrayRange(file.Metadata, "texts", 0, 1));
        Should.Throw<ArgumentOutOfRangeException>(() => cut.CopyArrayRange(file.Metadata, "numbers", 0, 5));
    }

    [Theory]
    [InlineData(31)]
    [InlineData(33)]
    public void Writer_WhenGeneratorWritesAnotherNumberOfBytes_Throws(int bytes)
    {
        var writer = new GgufWriter();
        writer.AddTensor("t", GgmlType.F32, [8], GgufTensorContent.Generate((stream, _) => stream.Write(new byte[bytes])));

        Should.Throw<InvalidOperationException>(() => writer.WriteTo(new MemoryStream())).Message.ShouldContain("'t'");
    }

    [Fact]
    public void Writer_WhenTensorCannotBe_Throws()
    {
        var writer = new GgufWriter();
        var content = GgufTensorContent.Copy("nowhere", 0);
        writer.AddTensor("t", GgmlType.F32, [8], content);

        Should.Throw<ArgumentException>(() => writer.AddTensor("t", GgmlType.F32, [8], content));
        Should.Throw<ArgumentException>(() => writer.AddTensor("", GgmlType.F32, [8], content));
        Should.Throw<ArgumentException>(() => writer.AddTensor(new string('x', 64), GgmlType.F32, [8], content));
        Should.Throw<ArgumentException>(() => writer.AddTensor("u", GgmlType.Q8_0, [31], content));
    }

    private string Save(GgufWriter writer, string name)
    {
        using var stream = File.Create(_folder.At(name));
        writer.WriteTo(stream);
        stream.Length.ShouldBe(writer.ByteLength);
        return stream.Name;
    }
}
