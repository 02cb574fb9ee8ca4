using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Pipelines;
using OrleansInference.Grains.Shards;
using OrleansInference.Grains.Tests.Fakes;

namespace OrleansInference.Grains.Tests.Cluster;

/// <summary>What grains refuse, and how they say it across silos.</summary>
public sealed class ContractTests
{
    [Fact]
    public async Task Device_WhenItHasNotRegistered_SaysSo()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 1)]);

        var exception = await Should.ThrowAsync<DeviceUnavailableException>(() => cluster.DeviceGrain("a").GetReportAsync());

        exception.Message.ShouldBe("Device a has not registered.");
    }

    [Fact]
    public async Task Device_WhenNobodyOffersIt_SaysSo()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 1)]);

        (await Should.ThrowAsync<Exception>(() => cluster.DeviceGrain("b").GetReportAsync())).ToString()
            .ShouldContain("No living silo offers a device named b.");
    }

    [Fact]
    public async Task Device_WhenItRegistersAsAnother_IsRefused()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 1)]);
        var registration = Silos.Registration(1, Silos.Profile("b"));

        var other = await Should.ThrowAsync<ArgumentException>(() => cluster.DeviceGrain("a").RegisterAsync(registration));
        var silent = await Should.ThrowAsync<ArgumentException>(() => cluster.DeviceGrain("a").RegisterAsync(
            registration with { Profile = Silos.Profile("a"), DataPlaneEndpoint = "" }));

        other.Message.ShouldContain("Device a cannot be registered as b");
        silent.Message.ShouldContain("has no data plane endpoint");
    }

    [Fact]
    public async Task Device_WhenAnotherSiloHasTheName_IsRefused()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 12)]);
        await cluster.RegisterAsync();
        var first = (await cluster.Grain.GetDevicesAsync()).Single().Registration;

        var refusal = await Should.ThrowAsync<DeviceUnavailableException>(() => cluster.AddSiloAsync(InferenceCluster.Device("a", 12)));

        refusal.Message.ShouldBe($"Device a is already offered by silo {first.Silo}; give this one another Device:Name.");
        (await cluster.DeviceGrain("a").GetReportAsync()).Registration.ShouldBe(first);
    }

    [Fact]
    public async Task Device_WhenTheOtherSiloWithItsNameIsGone_TakesOver()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 12)]);
        await cluster.RegisterAsync();
        var first = (await cluster.Grain.GetDevicesAsync()).Single().Registration;
        await Should.ThrowAsync<DeviceUnavailableException>(() => cluster.AddSiloAsync(InferenceCluster.Device("a", 12)));

        await cluster.KillAsync("a");
        var second = await InferenceCluster.UntilAsync(
            () => OfferAsync(cluster, "a"), report => !report.Registration.Silo.Equals(first.Silo), "the second silo to be taken");

        (await cluster.Grain.GetDevicesAsync()).Single().Registration.ShouldBe(second.Registration);
    }

    [Fact]
    public async Task Device_WhenItHasRegistered_ReportsEverySecond()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 1)]);
        await cluster.RegisterAsync();

        var first = (await cluster.Grain.GetDevicesAsync()).Single();
        var later = await InferenceCluster.UntilAsync(
            async () => (await cluster.Grain.GetDevicesAsync()).Single(), report => report.Readings.At > first.Readings.At, "a new report");

        later.Registration.ShouldBe(first.Registration);
    }

    [Fact]
    public async Task Shard_WhenItIsOnAnotherDevice_RefusesAndIsPlacedAnew()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 12), InferenceCluster.Device("b", 12)]);
        var shard = cluster.Shard("pebble/0/0");
        var assignment = new StageAssignment("pebble/0", "pebble", 1, 0, 1, 0, 12, "a", 1, 64, 64, 16, 4);
        await cluster.PlaceAsync("a", () => shard.LoadAsync(assignment));

        var refusal = await Should.ThrowAsync<ShardMisplacedException>(
            () => cluster.PlaceAsync("b", () => shard.LoadAsync(assignment with { Device = "b" })));
        var status = await InferenceCluster.UntilAsync(
            () => LoadOnAsync(cluster, assignment with { Device = "b" }), status => status.State == ShardState.Loaded, "the shard on b");
        var abandoned = cluster.HostOf("a").StageCount;
        await shard.UnloadAsync(epoch: 1);

        refusal.Message.ShouldBe("Shard pebble/0/0 is on a; its plan wants it on b.");
        status.Device.ShouldBe("b");
        abandoned.ShouldBe(0);
        cluster.HostOf("b").StageCount.ShouldBe(0);
    }

    [Fact]
    public async Task Shard_WhenItIsAskedForAnother_SaysWhichItIs()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 12)]);

        var exception = await Should.ThrowAsync<ArgumentException>(
            () => cluster.Shard("pebble/0/1").LoadAsync(new StageAssignment("pebble/0", "pebble", 1, 0, 2, 0, 6, "a", 1, 64, 64, 16, 4)));

        exception.Message.ShouldContain("Shard pebble/0/1 was asked for stage 0 of pebble/0");
    }

    [Fact]
    public async Task Shard_WhenItsEngineFailsWithAnExceptionOfItsOwn_SaysWhyInOneThatCanBeSent()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 12)]);
        var shard = cluster.Shard("pebble/0/0");
        await cluster.PlaceAsync("a", () => shard.LoadAsync(new StageAssignment("pebble/0", "pebble", 1, 0, 1, 0, 12, "a", 1, 64, 64, 16, 4)));
        cluster.HostOf("a").EngineFault = "the device is lost";

        Func<Task>[] calls =
        [
            () => shard.LinkAsync(new StageLink("pebble/0", 1, 0, null, cluster.HostOf("a").Endpoint)),
            () => shard.ProveAsync(epoch: 1),
            () => shard.UnloadAsync(epoch: 1),
        ];

        foreach (var call in calls)
            (await Should.ThrowAsync<ShardUnavailableException>(call)).Message.ShouldBe("the device is lost");
    }

    [Fact]
    public async Task Model_WhenTheStoreFailsWithAnExceptionOfItsOwn_ShowsTheReason()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 12)]);
        cluster.World.StoreFault = "the manifest is broken";
        await cluster.RegisterAsync();
        await cluster.DeployAsync();

        await cluster.WaitingAsync("the manifest is broken");
    }

    [Fact]
    public async Task Deploy_WhenANumberIsOutOfRange_IsRefused()
    {
        await using var cluster = await InferenceCluster.StartAsync([InferenceCluster.Device("a", 12)]);

        (await Should.ThrowAsync<ArgumentException>(() => cluster.DeployAsync(replicas: 0))).Message.ShouldContain("Replicas is 0");
    }

    [Fact]
    public async Task Silo_WhenAnOptionIsOutOfRange_DoesNotStart()
    {
        var exception = await Should.ThrowAsync<OptionsValidationException>(() => InferenceCluster.StartAsync(
            [], services => services.Configure<PipelineOptions>(options => options.TickMilliseconds = 1)));

        exception.Message.ShouldContain("TickMilliseconds");
    }

    // Refused as long as the other silo counts as a member.
    private static async Task<DeviceReport?> OfferAsync(InferenceCluster cluster, string device)
    {
        try
        {
            await cluster.OfferAsync(device);
        }
        catch (DeviceUnavailableException)
        {
            return null;
        }
        return await cluster.DeviceGrain(device).GetReportAsync();
    }

    // Moving is at best effort: a shard that is still elsewhere says so again.
    private static async Task<ShardStatus?> LoadOnAsync(InferenceCluster cluster, StageAssignment assignment)
    {
        ShardStatus? status = null;
        try
        {
            await cluster.PlaceAsync(assignment.Device, async () => status = await cluster.Shard("pebble/0/0").LoadAsync(assignment));
        }
        catch (ShardMisplacedException)
        {
        }
        return status;
    }
}
