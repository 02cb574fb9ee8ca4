using OrleansInference.Models.Store;
using OrleansInference.Tool.Commands;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Tests.Commands;

public sealed class ModelChoiceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private ModelStore Store => new(_folder["store"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Choose_WhenTheStoreHasOneVersion_TakesTheNameOrNameAndVersion()
    {
        await ImportAsync("1");

        ModelChoice.Choose(Store, null).ShouldBe("pebble");
        ModelChoice.Choose(Store, "pebble").ShouldBe("pebble");
        ModelChoice.Choose(Store, "pebble@1").ShouldBe("pebble@1");
    }

    [Fact]
    public async Task Choose_WhenTheStoreHasTwoVersions_WantsOneNamed()
    {
        await ImportAsync("1");
        await ImportAsync("2");

        ModelChoice.Choose(Store, "pebble@2").ShouldBe("pebble@2");
        Should.Throw<ModelNotFoundException>(() => ModelChoice.Choose(Store, "pebble")).Message.ShouldContain("name one: pebble@1, pebble@2");
        Should.Throw<UserErrorException>(() => ModelChoice.Choose(Store, null)).Message.ShouldContain("--model: pebble@1, pebble@2");
    }

    private Task ImportAsync(string version) => Store.ImportAsync(
        Path.Combine(Root(), "models", "pebble", "pebble-q8_0.gguf"), new ImportOptions { Name = "pebble", Version = version },
        cancellation: TestContext.Current.CancellationToken);

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "OrleansInference.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run inside the repository.");
        return folder;
    }
}
