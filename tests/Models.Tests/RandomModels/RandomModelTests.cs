using System.Security.Cryptography;
using OrleansInference.Models.Architectures;
using OrleansInference.Models.Gguf;
using OrleansInference.Models.RandomModels;
using OrleansInference.Models.Tests.Fixtures;

namespace OrleansInference.Models.Tests.RandomModels;

public sealed class RandomModelTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<GgmlType> Types => [.. RandomModel.Types];

    [Theory]
    [MemberData(nameof(Types))]
    public void Write_WhenSeedIsTheSame_GivesTheSameBytes(GgmlType type)
    {
        var shape = RandomModelShape.Get("tiny-llama") with { LayerCount = 2 };
        var first = Hash(TestModel.Write(_folder, shape, type, "a.gguf", seed: 5));
        var same = Hash(TestModel.Write(_folder, shape, type, "b.gguf", seed: 5));
        var other = Hash(TestModel.Write(_folder, shape, type, "c.gguf", seed: 6));

        same.ShouldBe(first);
        other.ShouldNotBe(first);
    }

    [Theory]
    [InlineData(GgmlType.F32, 4.0)]
    [InlineData(GgmlType.F16, 2.0)]
    [InlineData(GgmlType.Q8_0, 34.0 / 32)]
    [InlineData(GgmlType.Q4_0, 18.0 / 32)]
    [InlineData(GgmlType.Q4_K, 144.0 / 256)]
    [InlineData(GgmlType.Q6_K, 210.0 / 256)]
    public void Write_WhenAnyType_MakesWeightsOfThatType(GgmlType type, double bytesPerElement)
    {
        using var file = GgufFile.Open(TestModel.Write(_folder, RandomModelShape.Get("tiny-qwen2"), type));

        var weight = file.FindTensor("blk.7.ffn_down.weight").ShouldNotBeNull();
        weight.Type.ShouldBe(type);
        weight.ByteLength.ShouldBe((long)(768 * 256 * bytesPerElement));
        file.FindTensor("blk.7.attn_norm.weight")!.Type.ShouldBe(GgmlType.F32);
        ModelDescription.Read(file).Architecture.Name.ShouldBe("qwen2");
    }

    [Theory]
    [InlineData("tinyllama-1.1b", 1_100_048_384L)]
    [InlineData("qwen2.5-0.5b", 494_032_768L)]
    [InlineData("llama3.2-1b", 1_235_814_432L)]
    public void Get_WhenPublicShape_HasThePublicParameterCount(string name, long parameters) =>
        CountParameters(RandomModelShape.Get(name)).ShouldBe(parameters);

    [Fact]
    public void Write_WhenF32_SpreadsWeightsEvenlyAroundZero()
    {
        using var file = GgufFile.Open(TestModel.Write(_folder, RandomModelShape.Get("tiny-llama")));

        var tensor = file.FindTensor("blk.0.ffn_up.weight")!;
        var values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(file.Read(tensor, 0, (int)tensor.ByteLength)).ToArray();
        var spread = Math.Sqrt(values.Average(value => (double)value * value));
        values.Average().ShouldBe(0, 0.005);
        spread.ShouldBe(2 / Math.Sqrt(256), 0.005);
    }

    [Fact]
    public void Write_WhenTokenizerIsRead_HasEveryByteAndAChatTemplate()
    {
        using var file = GgufFile.Open(TestModel.Write(
            _folder, RandomModelShape.Get("tiny-llama") with { LayerCount = 1, VocabularySize = 20_000 }));

        var tokens = file.Metadata.GetArray("tokenizer.ggml.tokens").Strings().ToArray();
        tokens.Length.ShouldBe(20_000);
        tokens.Distinct().Count().ShouldBe(20_000);
        Enumerable.Range(0, 256).ShouldAllBe(value => tokens.Contains($"<0x{value:X2}>"));
        file.Metadata.GetString("tokenizer.chat_template").ShouldContain("<|im_start|>");
        tokens[(int)file.Metadata.GetInteger("tokenizer.ggml.eot_token_id")].ShouldBe("<|im_end|>");
    }

    [Fact]
    public void Write_WhenTypeIsNotMade_SaysWhichAre()
    {
        Should.Throw<ArgumentException>(() => TestModel.Write(
            _folder, RandomModelShape.Get("tiny-llama"), GgmlType.IQ2_XXS)).Message.ShouldContain("Q4_0");
        Should.Throw<ArgumentException>(() => TestModel.Write(
            _folder, RandomModelShape.Get("qwen2.5-0.5b"), GgmlType.Q4_K)).Message.ShouldContain("896");
        Should.Throw<ArgumentException>(() => RandomModelShape.Get("gpt-2")).Message.ShouldContain("tinyllama-1.1b");
        Directory.GetFiles(_folder.Root).ShouldBeEmpty();
    }

    [Fact]
    public void Write_WhenCancelled_LeavesNothing()
    {
        using var source = new CancellationTokenSource();
        var progress = new Synchronous<double>(share =>
        {
            if (share > 0.3)
                source.Cancel();
        });

        Should.Throw<OperationCanceledException>(() =>
            RandomModel.Write(RandomModelShape.Get("tiny-llama"), GgmlType.F32, 1, _folder.At("model.gguf"), progress, source.Token));

        Directory.GetFiles(_folder.Root).ShouldBeEmpty();
    }

    [Fact]
    public void Write_WhenItReports_EndsAtOne()
    {
        var shares = new List<double>();

        RandomModel.Write(
            TestModel.Small, GgmlType.F32, 1, _folder.At("model.gguf"), new Synchronous<double>(shares.Add),
            TestContext.Current.CancellationToken);

        shares.ShouldBe(shares.Order());
        shares[^1].ShouldBe(1);
    }

    private static long CountParameters(RandomModelShape shape)
    {
        long hidden = shape.HiddenSize;
        var key = (long)shape.KeyValueHeadCount * shape.HeadLength;
        var attention = (2 * hidden * hidden) + (2 * hidden * key) + (shape.Architecture == "qwen2" ? hidden + 2 * key : 0);
        var layer = attention + 3 * hidden * shape.FeedForwardLength + 2 * hidden;
        var ropeFrequencies = shape.HasRopeFrequencies ? shape.HeadLength / 2 : 0;
        return shape.LayerCount * layer + hidden + hidden * shape.VocabularySize * (shape.IsTied ? 1 : 2) + ropeFrequencies;
    }

    private static string Hash(string path) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)));
}
