using OrleansInference.Models.Gguf;
using OrleansInference.Models.Tests.Fixtures;

namespace OrleansInference.Models.Tests.Gguf;

public sealed class GgufSplitTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Open_WhenGivenAnyPart_OpensTheWholeModel(int part)
    {
        Split(3);
        using var whole = GgufFile.Open(Pebble.Path);

        using var file = GgufFile.Open(Part(part, 3));

        file.Parts.ShouldBe([Part(1, 3), Part(2, 3), Part(3, 3)]);
        file.Metadata.GetString("general.architecture").ShouldBe("llama");
        file.Tensors.Select(tensor => tensor.Name).ShouldBe(whole.Tensors.Select(tensor => tensor.Name), ignoreOrder: true);
        foreach (var tensor in whole.Tensors)
            TestModel.ShouldHoldTheSame(file, tensor.Name, whole);
    }

    [Fact]
    public void Open_WhenAPartIsMissing_NamesIt()
    {
        Split(3);
        File.Delete(Part(2, 3));

        Should.Throw<ModelFormatException>(() => GgufFile.Open(Part(1, 3))).Message.ShouldContain("pebble-00002-of-00003.gguf");
    }

    [Fact]
    public void Open_WhenAPartIsInAnothersPlace_SaysWhichItMustBe()
    {
        Split(3);
        File.Copy(Part(3, 3), Part(2, 3), overwrite: true);

        Should.Throw<ModelFormatException>(() => GgufFile.Open(Part(1, 3))).Subject.ShouldBe("split.no");
    }

    [Fact]
    public void Open_WhenAPartHasAnotherCount_Refuses()
    {
        Split(3);
        Split(2, folder: "other");
        File.Copy(Path.Combine(_folder.At("other"), "pebble-00002-of-00002.gguf"), Part(2, 3), overwrite: true);

        Should.Throw<ModelFormatException>(() => GgufFile.Open(Part(1, 3))).Subject.ShouldBe("split.count");
    }

    [Fact]
    public void Open_WhenTensorTotalIsWrong_Refuses()
    {
        Split(2, total: 75);

        Should.Throw<ModelFormatException>(() => GgufFile.Open(Part(1, 2))).Subject.ShouldBe("split.tensors.count");
    }

    [Fact]
    public void Open_WhenATensorIsInTwoParts_NamesIt()
    {
        Split(2, total: 75, twice: "output_norm.weight");

        Should.Throw<ModelFormatException>(() => GgufFile.Open(Part(1, 2))).Subject.ShouldBe("output_norm.weight");
    }

    [Fact]
    public void Open_WhenNameOfASplitFileIsAnother_SaysHowItMustBe()
    {
        Split(2);
        File.Move(Part(1, 2), _folder.At("renamed.gguf"));

        Should.Throw<ModelFormatException>(() => GgufFile.Open(_folder.At("renamed.gguf"))).Message.ShouldContain("-00001-of-00002.gguf");
    }

    [Fact]
    public void Open_WhenOnlyTheNameSaysSplit_Refuses()
    {
        File.Copy(Pebble.Path, Part(1, 2));

        Should.Throw<ModelFormatException>(() => GgufFile.Open(Part(1, 2))).Message.ShouldContain("split.count");
    }

    private string Part(int number, int count) => _folder.At($"pebble-{number:d5}-of-{count:d5}.gguf");

    private void Split(int count, int total = 74, string? twice = null, string? folder = null)
    {
        using var file = GgufFile.Open(Pebble.Path);
        var target = folder is null ? _folder.Root : Directory.CreateDirectory(_folder.At(folder)).FullName;
        for (var part = 0; part < count; part++)
        {
            var writer = new GgufWriter();
            if (part == 0)
            {
                foreach (var key in file.Metadata.Keys)
                    writer.CopyKey(file.Metadata, key);
            }

            writer.SetUInt16("split.no", (ushort)part);
            writer.SetUInt16("split.count", (ushort)count);
            writer.SetInt32("split.tensors.count", total);
            foreach (var (tensor, index) in file.Tensors.Select((tensor, index) => (tensor, index)))
            {
                if (index * count / file.Tensors.Length == part || tensor.Name == twice)
                    writer.AddTensor(tensor.Name, tensor.Type, tensor.Dimensions, GgufTensorContent.Copy(Pebble.Path, tensor.FileOffset));
            }

            using var stream = File.Create(Path.Combine(target, $"pebble-{part + 1:d5}-of-{count:d5}.gguf"));
            writer.WriteTo(stream);
        }
    }
}
