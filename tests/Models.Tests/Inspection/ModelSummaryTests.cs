using OrleansInference.Models.Gguf;
using OrleansInference.Models.Inspection;
using OrleansInference.Models.Tests.Fixtures;

namespace OrleansInference.Models.Tests.Inspection;

public sealed class ModelSummaryTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_WhenPebble_TellsWhatItIs()
    {
        var summary = ModelSummary.Read(Pebble.Path);

        summary.Architecture.ShouldBe("llama");
        summary.Hyperparameters.ShouldNotBeNull().LayerCount.ShouldBe(Pebble.LayerCount);
        summary.Refusal.ShouldBeNull();
        summary.HasChatTemplate.ShouldBeTrue();
        summary.TensorCount.ShouldBe(74);
        summary.Types[0].Type.ShouldBe(GgmlType.Q8_0);
        summary.Types.Sum(share => share.TensorCount).ShouldBe(74);
        summary.Bytes.ShouldBe(new FileInfo(Pebble.Path).Length);
        summary.ParameterCount.ShouldBeInRange(1_000_000, 2_000_000);
    }

    [Fact]
    public void Read_WhenModelCannotBeServed_SaysWhy()
    {
        var path = TestModel.Rewrite(Pebble.Path, _folder.At("odd.gguf"), writer => writer.SetString("general.architecture", "gpt2"));

        var summary = ModelSummary.Read(path);

        summary.Architecture.ShouldBe("gpt2");
        summary.Refusal.ShouldNotBeNull().ShouldContain("'gpt2'");
        summary.Hyperparameters.ShouldBeNull();
    }

    [Fact]
    public void Read_WhenFileIsBroken_Throws()
    {
        File.WriteAllText(_folder.At("broken.gguf"), "this is not a model");

        Should.Throw<ModelFormatException>(() => ModelSummary.Read(_folder.At("broken.gguf")));
    }
}
