using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Shards;
using OrleansInference.Models.Gguf;
using OrleansInference.Models.RandomModels;
using OrleansInference.Models.Store;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Devices;
using OrleansInference.Silo.Engines.LlamaCpp;
using OrleansInference.Silo.Tests.Engines;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>Silos with a store each, whose models of one name are not the same.</summary>
public sealed class MixedModelsTests : IDisposable
{
    private static readonly StageAssignment s_first = new("m/0", "m", 1, 0, 2, 0, 4, "device-0", 2, 512, 256, 64, 4);
    private static readonly StageAssignment s_last = s_first with { Stage = 1, FirstLayer = 4, EndLayer = 8, Device = "device-1" };

    private readonly string _folder = Directory.CreateTempSubdirectory("oinf-mixed-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public async Task Link_WhenTheStoresHaveDifferentModelsOfTheName_IsRefusedUntilTheyHaveTheSame(string otherVersion)
    {
        var store = await ImportAsync("a", seed: 1);
        var other = await ImportAsync("b", seed: 2, otherVersion);
        await using var first = await StartAsync("device-0", store);
        await using var last = await StartAsync("device-1", other);
        await LoadAsync(first, s_first);
        await LoadAsync(last, s_last);

        var refusal = await Should.ThrowAsync<ShardUnavailableException>(LinkAsync(first, last, epoch: 1));

        refusal.Message.ShouldEndWith(
            $"Stage 1 of m/0 was loaded from another m than stage 0: its content is {HashOf(other)[..12]}, not {HashOf(store)[..12]}; "
            + "import the same file as m on every silo.");
        await ImportAsync("a", seed: 2);
        await LoadAsync(first, s_first with { Epoch = 2 });
        await LoadAsync(last, s_last with { Epoch = 2 });
        await LinkAsync(first, last, epoch: 2);
    }

    [Fact]
    public async Task Load_WhenOneStageIsLoadedAnewAfterAnImport_HasTheOtherLoadedAnewToo()
    {
        var store = await ImportAsync("a", seed: 1);
        await using var first = await StartAsync("device-0", store);
        await using var last = await StartAsync("device-1", store);
        await LoadAsync(first, s_first);
        await LoadAsync(last, s_last);
        await LinkAsync(first, last, epoch: 1);

        await ImportAsync("a", seed: 2);
        await using var restarted = await StartAsync("device-1", store);
        await LoadAsync(restarted, s_last with { Epoch = 2 });
        await LoadAsync(first, s_first with { Epoch = 2 });

        await LinkAsync(first, restarted, epoch: 2);
    }

    private async Task<ModelStore> ImportAsync(string folder, ulong seed, string version = "1")
    {
        Natives.Load();
        var path = Path.Combine(_folder, $"{seed}.gguf");
        if (!File.Exists(path))
            RandomModel.Write(RandomModelShape.Get("tiny-llama"), GgmlType.Q8_0, seed, path);
        var store = new ModelStore(Path.Combine(_folder, folder));
        await store.ImportAsync(path, new ImportOptions { Name = "m", Version = version }, cancellation: Cancellation);
        return store;
    }

    private static string HashOf(ModelStore store) => SliceAssembler.ContentHash(store.Load("m"));

    private static Task<TestSilo> StartAsync(string device, ModelStore store) => TestSilo.StartAsync(
        device, new Dictionary<string, string?> { ["Device:Threads"] = "1" }, new LlamaStageEngineFactory(
            store, new SliceAssembler(store), Options.Create(new ModelStoreOptions { Store = store.Root }),
            Options.Create(new NativeOptions { Folder = Natives.Folder }), Options.Create(new DeviceOptions()), NullLoggerFactory.Instance,
            TimeProvider.System));

    private static async Task LoadAsync(TestSilo silo, StageAssignment assignment)
    {
        silo.Host.Load(assignment);
        await Eventually.AsyncIs(
            () => silo.Host.GetStatus(assignment.Pipeline, assignment.Stage).State == ShardState.Loaded, $"stage {assignment.Stage} is loaded");
    }

    private static async Task LinkAsync(TestSilo first, TestSilo last, long epoch)
    {
        await first.Host.LinkAsync(new StageLink("m/0", epoch, 0, last.Endpoint, first.Endpoint), Cancellation);
        await last.Host.LinkAsync(new StageLink("m/0", epoch, 1, null, first.Endpoint), Cancellation);
    }
}
