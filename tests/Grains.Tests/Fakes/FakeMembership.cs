using System.Diagnostics.CodeAnalysis;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Placement;

namespace OrleansInference.Grains.Tests.Fakes;

/// <summary>Silos that the test declares alive, with their labels.</summary>
internal sealed class FakeMembership : ISiloStatusOracle, ISiloMetadataCache
{
    private readonly Dictionary<SiloAddress, (SiloStatus Status, SiloMetadata Metadata)> _silos = [];

    public FakeMembership With(int number, DeviceProfile? profile)
    {
        _silos[Silos.Address(number)] = (SiloStatus.Active, Silos.Metadata(profile is null ? [] : DeviceLabels.From(profile)));
        return this;
    }

    public void Kill(int number) => _silos[Silos.Address(number)] = (SiloStatus.Dead, _silos[Silos.Address(number)].Metadata);

    public SiloMetadata GetSiloMetadata(SiloAddress siloAddress) =>
        _silos.TryGetValue(siloAddress, out var silo) ? silo.Metadata : SiloMetadata.Empty;

    public SiloStatus GetApproximateSiloStatus(SiloAddress siloAddress) =>
        _silos.TryGetValue(siloAddress, out var silo) ? silo.Status : SiloStatus.None;

    public Dictionary<SiloAddress, SiloStatus> GetApproximateSiloStatuses(bool onlyActive = false) => _silos
        .Where(silo => !onlyActive || silo.Value.Status == SiloStatus.Active).ToDictionary(silo => silo.Key, silo => silo.Value.Status);

    public bool IsDeadSilo(SiloAddress silo) => GetApproximateSiloStatus(silo) == SiloStatus.Dead;

    // Microsoft Orleans asks for these as well.
#pragma warning disable CA1822
    public SiloStatus CurrentStatus => SiloStatus.Active;

    public string SiloName => "silo-0";

    public SiloAddress SiloAddress { get; } = Silos.Address(0);

    public bool TryGetSiloName(SiloAddress siloAddress, [NotNullWhen(true)] out string? siloName)
    {
        siloName = siloAddress.ToString();
        return true;
    }

    public SiloAddress[] GetActiveSilos() => [.. GetApproximateSiloStatuses(onlyActive: true).Keys];

    public bool IsFunctionalDirectory(SiloAddress siloAddress) => GetApproximateSiloStatus(siloAddress) == SiloStatus.Active;

    public bool SubscribeToSiloStatusEvents(ISiloStatusListener observer) => true;

    public bool UnSubscribeFromSiloStatusEvents(ISiloStatusListener observer) => true;
#pragma warning restore CA1822
}
