using System.Text.Json.Nodes;
using OrleansInference.Models.Store;
using OrleansInference.Models.Tests.Fixtures;

namespace OrleansInference.Models.Tests.Store;

/// <summary>A manifest is input from anyone.</summary>
public sealed class ManifestTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private readonly ModelStore _store;

    public ManifestTests() => _store = new ModelStore(_folder.At("store"));

    private string ManifestPath => Path.Combine(_store.Root, "models", "pebble", "1", "manifest.json");

    public async ValueTask InitializeAsync() =>
        await _store.ImportAsync(Pebble.Path, new ImportOptions { Name = "pebble" }, cancellation: TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"schemaVersion\":1")]
    public void Load_WhenManifestIsNoManifest_SaysWhichFile(string text)
    {
        File.WriteAllText(ManifestPath, text);

        Should.Throw<ModelFormatException>(() => _store.Load("pebble")).File.ShouldBe(ManifestPath);
    }

    [Fact]
    public void Load_WhenSchemaIsNewer_SaysWhichIsRead() => Refused(root => root["schemaVersion"] = 2).ShouldContain("reads 1");

    [Fact]
    public void Load_WhenNameIsAnother_Refuses() => Refused(root => root["name"] = "other").ShouldContain("other@1");

    [Theory]
    [InlineData("../../../../etc/passwd")]
    [InlineData("")]
    [InlineData("ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789")]
    public void Load_WhenHashIsNoHash_NamesTheBlob(string hash) =>
        Refused(root => root["layers"]![3]!["sha256"] = hash).ShouldContain("layer 3");

    [Fact]
    public void Load_WhenArchitectureIsNotAllowed_NamesIt() => Refused(root => root["architecture"] = "mamba").ShouldContain("'mamba'");

    [Theory]
    [InlineData(0L)]
    [InlineData(-1L)]
    [InlineData(long.MaxValue)]
    public void Load_WhenBlobSizeIsImpossible_NamesTheBlob(long bytes) =>
        Refused(root => root["tail"]!["bytes"] = bytes).ShouldContain("tail");

    [Theory]
    [InlineData(-32L)]
    [InlineData(16L)]
    [InlineData(1L << 62)]
    public void Load_WhenTensorOffsetIsImpossible_NamesTheTensor(long offset) =>
        Refused(root => root["embedding"]!["tensors"]![0]!["offset"] = offset).ShouldContain("token_embd.weight");

    [Fact]
    public void Load_WhenTensorsOverlap_NamesTheTensor() =>
        Refused(root => root["layers"]![0]!["tensors"]![1]!["offset"] = 0).ShouldContain("blk.0.");

    [Fact]
    public void Load_WhenTensorBytesDoNotFitItsDimensions_NamesIt() =>
        Refused(root => root["embedding"]!["tensors"]![0]!["bytes"] = 5).ShouldContain("token_embd.weight");

    [Fact]
    public void Load_WhenTensorTypeIsUnknown_Refuses()
    {
        Refused(root => root["embedding"]!["tensors"]![0]!["type"] = "Q9_9").ShouldContain("broken");
        Refused(root => root["embedding"]!["tensors"]![0]!["type"] = 77).ShouldContain("token_embd.weight");
    }

    [Fact]
    public void Load_WhenTensorIsInTheWrongBlob_SaysWhereItBelongs() =>
        Refused(root => root["layers"]![0]!["tensors"]![0]!["name"] = root["layers"]![1]!["tensors"]![0]!["name"]!.GetValue<string>())
            .ShouldContain("belongs to layer 1");

    [Fact]
    public void Load_WhenLayersAreFewer_SaysHowMany() => Refused(root => root["layers"]!.AsArray().RemoveAt(7)).ShouldContain("must be 8");

    [Fact]
    public void Load_WhenNullsAreInside_Refuses()
    {
        Refused(root => root["layers"]![2] = null).ShouldContain("layer 2");
        Refused(root => root["layers"] = null).ShouldNotBeEmpty();
        Refused(root => root["tail"] = null).ShouldNotBeEmpty();
        Refused(root => root["tail"]!["tensors"] = null).ShouldNotBeEmpty();
        Refused(root => root["tail"]!["tensors"]![0] = null).ShouldNotBeEmpty();
        Refused(root => root["tail"]!["tensors"]![0]!["name"] = null).ShouldNotBeEmpty();
        Refused(root => root["tail"]!["tensors"]![0]!["dimensions"] = null).ShouldNotBeEmpty();
        Refused(root => root["hyperparameters"] = null).ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("hiddenSize", 0)]
    [InlineData("headCount", int.MaxValue)]
    [InlineData("keyLength", -1)]
    [InlineData("vocabularySize", 1000)]
    public void Load_WhenHyperparametersDoNotFitTheTensors_Refuses(string name, int value) =>
        Refused(root => root["hyperparameters"]![name] = value).ShouldNotBeEmpty();

    [Fact]
    public void Load_WhenManifestIsHuge_RefusesWithoutReadingIt()
    {
        using (var stream = File.OpenWrite(ManifestPath))
            stream.SetLength(1L << 30);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Should.Throw<ModelFormatException>(() => _store.Load("pebble")).Message.ShouldContain("at most");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1_000_000);
    }

    private string Refused(Action<JsonNode> change)
    {
        var good = File.ReadAllText(ManifestPath);
        var root = JsonNode.Parse(good)!;
        change(root);
        File.WriteAllText(ManifestPath, root.ToJsonString());
        var message = Should.Throw<ModelFormatException>(() => _store.Load("pebble")).Message;
        File.WriteAllText(ManifestPath, good);
        return message;
    }
}
