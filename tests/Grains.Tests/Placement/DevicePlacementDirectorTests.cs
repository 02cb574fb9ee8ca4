using Orleans.Runtime;
using Orleans.Runtime.Placement;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Placement;
using OrleansInference.Grains.Tests.Fakes;

namespace OrleansInference.Grains.Tests.Placement;

public sealed class DevicePlacementDirectorTests
{
    private readonly FakeMembership _membership = new FakeMembership()
        .With(0, profile: null)
        .With(1, Silos.Profile("pi", memoryBytes: 100, bandwidth: 5))
        .With(2, Silos.Profile("box", memoryBytes: 1000, bandwidth: 40))
        .With(3, Silos.Profile("jetson", memoryBytes: 500, bandwidth: 20, accelerator: "cuda"));

    [Fact]
    public async Task OnAddActivation_WhenThePlanNamesASilo_ObeysIt() =>
        (await PlaceAsync(Hint(Silos.Address(1)))).ShouldBe(Silos.Address(1));

    [Fact]
    public async Task OnAddActivation_WhenThePlannedSiloIsGone_TakesTheBestScore() =>
        (await PlaceAsync(Hint(Silos.Address(9)))).ShouldBe(Silos.Address(3));

    [Fact]
    public async Task OnAddActivation_WhenThePlannedSiloIsAGateway_TakesADevice() =>
        (await PlaceAsync(Hint(Silos.Address(0)))).ShouldBe(Silos.Address(3));

    [Fact]
    public async Task OnAddActivation_WhenTheBestIsTooSmall_TakesOneWithRoom() =>
        (await PlaceAsync(new() { ["oinf.required-bytes"] = 501L })).ShouldBe(Silos.Address(2));

    [Fact]
    public async Task OnAddActivation_WhenNoneHasRoom_SaysSo() =>
        (await Should.ThrowAsync<DeviceUnavailableException>(() => PlaceAsync(new() { ["oinf.required-bytes"] = 1001L })))
            .Message.ShouldBe("None of 3 living devices has the 1001 bytes that shard/m/0/1 needs.");

    [Fact]
    public async Task OnAddActivation_WhenThereIsNoDevice_SaysSo()
    {
        var director = new DevicePlacementDirector(new FakeMembership().With(0, profile: null));

        (await Should.ThrowAsync<DeviceUnavailableException>(() => PlaceAsync(
                director, new DevicePlacement(), GrainId.Create("shard", "m/0/1"), [])))
            .Message.ShouldBe("No device is in the cluster yet, and shard/m/0/1 needs one.");
    }

    [Fact]
    public async Task OnAddActivation_ForADevice_TakesTheSiloThatOffersIt() =>
        (await PlaceDeviceAsync("box")).ShouldBe(Silos.Address(2));

    [Fact]
    public async Task OnAddActivation_ForADeviceThatNobodyOffers_SaysSo() =>
        (await Should.ThrowAsync<DeviceUnavailableException>(() => PlaceDeviceAsync("hailo"))).Message.ShouldContain("named hailo");

    [Fact]
    public async Task OnAddActivation_ForADeviceThatTwoSilosOffer_SaysSo()
    {
        _membership.With(4, Silos.Profile("box"));

        (await Should.ThrowAsync<DeviceUnavailableException>(() => PlaceDeviceAsync("box"))).Message.ShouldContain("Several silos");
    }

    [Fact]
    public void Choose_WhenScoresAreEqual_TakesTheFirstByName()
    {
        SiloDevice[] devices = [new(Silos.Address(1), "b", 10, 1, false), new(Silos.Address(2), "a", 10, 1, false)];

        PlacementScore.Choose(devices, requiredBytes: 10)!.Name.ShouldBe("a");
        PlacementScore.Choose(devices.Reverse(), requiredBytes: 10)!.Name.ShouldBe("a");
    }

    private static Dictionary<string, object> Hint(SiloAddress silo) => new() { [IPlacementDirector.PlacementHintKey] = silo };

    private Task<SiloAddress> PlaceAsync(Dictionary<string, object> requestContext) => PlaceAsync(
        new DevicePlacementDirector(_membership), new DevicePlacement(), GrainId.Create("shard", "m/0/1"), requestContext);

    private Task<SiloAddress> PlaceDeviceAsync(string name) => PlaceAsync(
        new DeviceLocalPlacementDirector(_membership), new DeviceLocalPlacement(), GrainId.Create("device", name), []);

    private async Task<SiloAddress> PlaceAsync(
        IPlacementDirector director, PlacementStrategy strategy, GrainId grain, Dictionary<string, object> requestContext) =>
        await director.OnAddActivation(strategy, new PlacementTarget(grain, requestContext, default, 0), new Context(_membership));

    private sealed class Context(FakeMembership membership) : IPlacementContext
    {
        public SiloAddress LocalSilo => membership.SiloAddress;

#pragma warning disable CA1822 // Microsoft Orleans asks for it.
        public SiloStatus LocalSiloStatus => SiloStatus.Active;
#pragma warning restore CA1822

        public SiloAddress[] GetCompatibleSilos(PlacementTarget target) =>
            [.. membership.GetApproximateSiloStatuses(onlyActive: true).Keys];

        // Microsoft Orleans asks for this as well.
        public IReadOnlyDictionary<ushort, SiloAddress[]> GetCompatibleSilosWithVersions(PlacementTarget target) =>
            new Dictionary<ushort, SiloAddress[]> { [0] = GetCompatibleSilos(target) };
    }
}
