using OrleansInference.Models.Gguf;
using OrleansInference.Models.RandomModels;
using OrleansInference.Models.Store;
using OrleansInference.Silo.Catalog;

namespace OrleansInference.Silo.Tests.Catalog;

public sealed class ModelCatalogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("oinf-catalog-").FullName;

    [Fact]
    public async Task GetProfile_WhenTheModelIsTied_CountsItsHeadTwice()
    {
        var store = new ModelStore(Path.Combine(_folder, "store"));
        var file = Path.Combine(_folder, "tiny.gguf");
        var cancellation = TestContext.Current.CancellationToken;
        RandomModel.Write(RandomModelShape.Get("tiny-llama-tied"), GgmlType.Q8_0, seed: 1, file, cancellation: cancellation);
        var manifest = await store.ImportAsync(file, new ImportOptions { Name = "tiny" }, null, cancellation);

        var profile = await new ModelCatalog(store).GetProfileAsync("tiny", cancellation);

        var sizes = manifest.Hyperparameters;
        (profile.Model, profile.Architecture, profile.LayerCount).ShouldBe(("tiny", "llama", manifest.LayerCount));
        (profile.HiddenSize, profile.VocabularySize, profile.ContextLength)
            .ShouldBe((sizes.HiddenSize, sizes.VocabularySize, sizes.ContextLength));
        profile.LayerBytes.Length.ShouldBe(manifest.LayerCount);
        profile.LayerBytes.ShouldAllBe(bytes => bytes > 0);
        profile.HeadBytes.ShouldBeGreaterThan(profile.EmbeddingBytes);
        profile.KvBytesPerTokenPerLayer.ShouldBe(sizes.KeyValueHeadCount * (sizes.KeyLength + sizes.ValueLength) * 2);
    }

    [Fact]
    public async Task GetProfile_WhenTheStoreLacksTheModel_SaysSo()
    {
        var catalog = new ModelCatalog(new ModelStore(_folder));

        var exception = await Should.ThrowAsync<OrleansInference.Grains.Models.ModelNotFoundException>(
            catalog.GetProfileAsync("missing", TestContext.Current.CancellationToken));

        exception.Message.ShouldContain("missing");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
