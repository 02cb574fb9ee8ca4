using OrleansInference.Models.Architectures;
using OrleansInference.Models.Gguf;
using OrleansInference.Models.RandomModels;
using OrleansInference.Models.Tests.Fixtures;

namespace OrleansInference.Models.Tests.Architectures;

public sealed class ModelDescriptionTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_WhenPebble_GivesItsSizes()
    {
        using var file = GgufFile.Open(Pebble.Path);

        var description = ModelDescription.Read(file);

        description.Architecture.Name.ShouldBe("llama");
        description.Hyperparameters.ShouldBe(new ModelHyperparameters(
            LayerCount: 8, HiddenSize: 128, HeadCount: 4, KeyValueHeadCount: 2, KeyLength: 32, ValueLength: 32, ContextLength: 512,
            VocabularySize: 1024, FeedForwardLength: 384, ExpertCount: 0, RopeDimensions: 32));
        description.Hyperparameters.KvBytesPerTokenPerLayer.ShouldBe(2 * 2 * 32 * 2);
    }

    [Theory]
    [InlineData("gemma2")]
    [InlineData("qwen3next")]
    [InlineData("mistral3")]
    [InlineData("LLAMA")]
    [InlineData("")]
    public void Get_WhenArchitectureIsNotAllowed_NamesItAndThoseThatAre(string name)
    {
        var fault = Should.Throw<ModelFormatException>(() => ModelArchitecture.Get(name));

        fault.Message.ShouldContain($"'{name}'");
        fault.Message.ShouldContain("llama, qwen2, qwen3, qwen3moe, gemma3, phi3");
    }

    [Fact]
    public void EmbeddingScale_WhenGemma_IsTheRootOfTheHiddenSize()
    {
        ModelArchitecture.Get("gemma3").EmbeddingScale(256).ShouldBe(16);
        ModelArchitecture.Get("llama").EmbeddingScale(256).ShouldBe(1);
    }

    [Theory]
    [InlineData("token_embd.weight")]
    [InlineData("output_norm.weight")]
    [InlineData("blk.0.attn_q.weight")]
    [InlineData("blk.1.ffn_down.weight")]
    [InlineData("blk.1.ffn_norm.weight")]
    public void Read_WhenTensorIsMissing_NamesIt(string missing) =>
        Refused(TestModel.Small, select: tensor => tensor.Name == missing ? null : tensor).Subject.ShouldBe(missing);

    [Theory]
    [InlineData("blk.1.attn_k.weight")]
    [InlineData("output_norm.weight")]
    [InlineData("output.weight")]
    [InlineData("blk.0.attn_norm.weight")]
    public void Read_WhenTensorHasAnotherShape_NamesItAndTheRightOne(string wrong)
    {
        var fault = Refused(TestModel.Small, select: tensor =>
            tensor.Name == wrong ? tensor with { Dimensions = [.. tensor.Dimensions[..^1], 96] } : tensor);

        fault.Subject.ShouldBe(wrong);
        fault.Message.ShouldContain("96]");
        fault.Message.ShouldContain("ask for [");
    }

    [Theory]
    [InlineData("blk.2.attn_q.weight", "2 layers")]
    [InlineData("blk.0.attn_sinks.weight", "not part")]
    [InlineData("blk.00.attn_q.weight", "not part")]
    [InlineData("mm.0.weight", "not part")]
    [InlineData("output.scale", "not part")]
    public void Read_WhenTensorIsTooMany_NamesIt(string extra, string expected)
    {
        var fault = Refused(TestModel.Small, addTensors: writer =>
            writer.AddTensor(extra, GgmlType.F32, [32], GgufTensorContent.Generate((stream, _) => stream.Write(new byte[128]))));

        fault.Subject.ShouldBe(extra);
        fault.Message.ShouldContain(expected);
    }

    [Theory]
    [InlineData("blk.0.attn_norm.weight", GgmlType.F16)]
    [InlineData("blk.0.attn_q.weight", GgmlType.I32)]
    [InlineData("token_embd.weight", GgmlType.Q8_1)]
    public void Read_WhenTensorTypeCannotCompute_NamesIt(string tensor, GgmlType type) =>
        Refused(TestModel.Small, select: candidate => candidate.Name == tensor ? candidate with { Type = type } : candidate)
            .Subject.ShouldBe(tensor);

    [Theory]
    [InlineData("block_count", 0u)]
    [InlineData("block_count", 513u)]
    [InlineData("embedding_length", 0u)]
    [InlineData("attention.head_count", 0u)]
    [InlineData("attention.head_count_kv", 3u)]
    [InlineData("attention.head_count", uint.MaxValue)]
    [InlineData("attention.value_length", 8u)]
    [InlineData("rope.dimension_count", 8u)]
    [InlineData("rope.dimension_count", 17u)]
    [InlineData("context_length", 0u)]
    [InlineData("expert_used_count", 2u)]
    [InlineData("expert_count", 2000u)]
    [InlineData("nextn_predict_layers", 1u)]
    [InlineData("expert_group_count", 4u)]
    public void Read_WhenHyperparameterIsImpossible_NamesTheKey(string name, uint value)
    {
        var fault = Refused(TestModel.Small, writer => writer.SetUInt32($"llama.{name}", value));

        fault.Subject.ShouldNotBeNull().ShouldStartWith("llama.");
        if (name != "attention.head_count")
            fault.Subject.ShouldBe($"llama.{name}");
    }

    [Theory]
    [InlineData("general.architecture")]
    [InlineData("llama.block_count")]
    [InlineData("llama.context_length")]
    [InlineData("llama.attention.layer_norm_rms_epsilon")]
    [InlineData("tokenizer.ggml.model")]
    [InlineData("tokenizer.ggml.tokens")]
    public void Read_WhenKeyIsMissing_NamesIt(string key) =>
        Refused(TestModel.Small, keepKey: candidate => candidate != key).Subject.ShouldBe(key);

    [Fact]
    public void Read_WhenVariantIsNotSupported_SaysWhy()
    {
        Refused(TestModel.Small, writer => writer.SetBoolean("llama.attention.causal", false)).Message.ShouldContain("causal");
        Refused(TestModel.Small, writer => writer.SetString("llama.rope.scaling.type", "spiral")).Message.ShouldContain("'spiral'");
        Refused(TestModel.Small, writer => writer.SetString("tokenizer.ggml.model", "no_vocab")).Message.ShouldContain("no tokenizer");
        Refused(TestModel.Small, writer => writer.SetStrings("tokenizer.ggml.tokens", ["a", "b"])).Message.ShouldContain("2 tokens");
        Refused(TestModel.Small, writer => writer.SetInt32s("tokenizer.ggml.tokens", [1])).Message.ShouldContain("strings");
    }

    /// <summary>llama.cpp loads or uses none of these without ending the process.</summary>
    [Fact]
    public void Read_WhenVocabularyWouldEndTheProcess_SaysWhy()
    {
        RefusedTokenizer(writer => writer.SetString("tokenizer.ggml.model", "rwkv")).ShouldContain("'rwkv'");
        RefusedTokens(tokens => tokens[299] = tokens[298]).ShouldContain("tokens 298 and 299 are the same");
        RefusedTokens(tokens => (tokens[7], tokens[299]) = ("zq\0a", "zq\0b")).ShouldContain("tokens 7 and 299 are the same up to a NUL");
        RefusedTokens(tokens => (tokens[298], tokens[299]) = ("[EMPTY_299]", "")).ShouldContain("tokens 298 and 299");
        RefusedTokens(tokens => tokens[5 + 0xE2] = "zq").ShouldContain("'<0xE2>'");
        RefusedTokens(tokens => tokens[5] = "\0").ShouldContain("'<0x00>'");
    }

    [Theory]
    [InlineData("glm4", "bos", 99_999u, "is 99999")]
    [InlineData("glm4", "bos", null, "missing")]
    [InlineData("gpt-2", "bos", 300u, "0 to 299")]
    [InlineData("gpt-2", "eos", 300u, "0 to 299")]
    [InlineData("exaone-moe", "eos", 2u, "'exaone-moe'")]
    [InlineData("whitespace", "eos", 2u, "'whitespace'")]
    public void Read_WhenBytePairVocabularyWouldEndTheProcess_SaysWhy(string splitter, string role, uint? token, string expected)
    {
        var key = $"tokenizer.ggml.{role}_token_id";
        Refused(TestModel.Small, Edit, keepKey: candidate => candidate != key).Message.ShouldContain(expected);

        void Edit(GgufWriter writer)
        {
            SetBytePair(writer, splitter);
            writer.SetBoolean($"tokenizer.ggml.add_{role}_token", true);
            if (token is { } number)
                writer.SetUInt32(key, number);
        }
    }

    [Fact]
    public void Read_WhenVocabularyIsUnusualButWhole_AcceptsIt()
    {
        // Gemma has a tab for '<0x09>'; others name tokens of nothing, or take the tokens that llama.cpp takes by default.
        AcceptsTokens(tokens => tokens[5 + '\t'] = "\t");
        AcceptsTokens(tokens => (tokens[298], tokens[299]) = ("", ""));
        AcceptsTokens(tokens => tokens[299] = "zq\0a");
        Accepts(keepKey: key => !key.EndsWith("_token_id", StringComparison.Ordinal));
        Accepts(writer => writer.SetUInt32("tokenizer.ggml.eos_token_id", 99_999));
        Accepts(writer => SetBytePair(writer, "qwen2"), key => key != "tokenizer.ggml.bos_token_id");
        Accepts(
            writer => SetBytePair(writer, "glm4"),
            key => key is not ("tokenizer.ggml.bos_token_id" or "tokenizer.ggml.add_bos_token"));
    }

    [Fact]
    public void Read_WhenArrayPerLayerIsUnknownOrWrong_NamesIt()
    {
        Refused(TestModel.Small, writer => writer.SetInt32s("llama.novelty", [1, 2])).Subject.ShouldBe("llama.novelty");
        Refused(TestModel.Small, writer => writer.SetInt32s("llama.feed_forward_length", [64]))
            .Subject.ShouldBe("llama.feed_forward_length");
        Refused(TestModel.Small, writer => writer.SetInt32s("llama.attention.head_count", [2, 1])).Message.ShouldContain("layer 1");
    }

    [Fact]
    public void Read_WhenArrayPerLayerIsUniform_TakesItsValue()
    {
        var path = Rewritten(TestModel.Small, writer => writer.SetInt32s("llama.attention.head_count", [2, 2]));

        using var file = GgufFile.Open(path);
        ModelDescription.Read(file).Hyperparameters.HeadCount.ShouldBe(2);
    }

    [Fact]
    public void Read_WhenGemma27B_IsRefusedByName()
    {
        var large = RandomModelShape.Get("tiny-gemma3") with
        {
            LayerCount = 62, HiddenSize = 64, HeadCount = 2, KeyValueHeadCount = 1, HeadLength = 16, FeedForwardLength = 32,
        };
        var equal = large with { HeadLength = 32 };
        var fewer = large with { LayerCount = 61 };

        Refused(large).Message.ShouldContain("Gemma 3 27B");
        Should.NotThrow(() => Describe(equal));
        Should.NotThrow(() => Describe(fewer));
    }

    [Fact]
    public void Read_WhenGemmaWindowPatternHasAnotherLength_NamesIt() =>
        Refused(RandomModelShape.Get("tiny-gemma3"), writer => writer.SetBooleans("gemma3.attention.sliding_window_pattern", [true, false]))
            .Subject.ShouldBe("gemma3.attention.sliding_window_pattern");

    [Fact]
    public void Read_WhenAnyTinyShape_AcceptsIt()
    {
        foreach (var shape in RandomModelShape.All.Where(shape => shape.Name.StartsWith("tiny-", StringComparison.Ordinal)))
        {
            var description = Describe(shape);

            description.Architecture.Name.ShouldBe(shape.Architecture);
            description.Hyperparameters.LayerCount.ShouldBe(8);
            description.Hyperparameters.HiddenSize.ShouldBe(shape.HiddenSize);
            description.Hyperparameters.KeyValueHeadCount.ShouldBe(shape.KeyValueHeadCount);
            description.Hyperparameters.ExpertCount.ShouldBe(shape.ExpertCount);
        }
    }

    private ModelDescription Describe(RandomModelShape shape)
    {
        using var file = GgufFile.Open(TestModel.Write(_folder, shape, GgmlType.Q8_0));
        return ModelDescription.Read(file);
    }

    private static void SetBytePair(GgufWriter writer, string splitter)
    {
        writer.SetString("tokenizer.ggml.model", "gpt2");
        writer.SetString("tokenizer.ggml.pre", splitter);
    }

    private string RefusedTokenizer(Action<GgufWriter> edit) => Refused(TestModel.Small, edit).Message;

    private string RefusedTokens(Action<string[]> edit) => RefusedTokenizer(writer => SetTokens(writer, edit));

    private void AcceptsTokens(Action<string[]> edit) => Accepts(writer => SetTokens(writer, edit));

    private void Accepts(Action<GgufWriter>? edit = null, Func<string, bool>? keepKey = null)
    {
        using var file = GgufFile.Open(Rewritten(TestModel.Small, edit, keepKey: keepKey));
        Should.NotThrow(() => ModelDescription.Read(file));
    }

    private void SetTokens(GgufWriter writer, Action<string[]> edit)
    {
        using var file = GgufFile.Open(TestModel.Write(_folder, TestModel.Small));
        var tokens = file.Metadata.GetArray("tokenizer.ggml.tokens").Strings().ToArray();
        edit(tokens);
        writer.SetStrings("tokenizer.ggml.tokens", tokens);
    }

    private string Rewritten(
        RandomModelShape shape, Action<GgufWriter>? edit = null, Func<GgufTensor, GgufTensor?>? select = null,
        Func<string, bool>? keepKey = null, Action<GgufWriter>? addTensors = null) =>
        TestModel.Rewrite(TestModel.Write(_folder, shape), _folder.At("changed.gguf"), edit, select, keepKey, addTensors);

    private ModelFormatException Refused(
        RandomModelShape shape, Action<GgufWriter>? edit = null, Func<GgufTensor, GgufTensor?>? select = null,
        Func<string, bool>? keepKey = null, Action<GgufWriter>? addTensors = null)
    {
        using var file = GgufFile.Open(Rewritten(shape, edit, select, keepKey, addTensors));
        return Should.Throw<ModelFormatException>(() => ModelDescription.Read(file));
    }
}
