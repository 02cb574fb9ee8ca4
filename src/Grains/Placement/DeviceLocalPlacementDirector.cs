using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;
using OrleansInference.Grains.Devices;

namespace OrleansInference.Grains.Placement;

/// <summary>Finds the silo whose label is the grain's key.</summary>
internal sealed class DeviceLocalPlacementDirector(ISiloMetadataCache metadata) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var name = target.GrainIdentity.Key.ToString();
        var devices = SiloDevice.ReadAll(context.GetCompatibleSilos(target), metadata)
            .Where(device => string.Equals(device.Name, name, StringComparison.Ordinal)).ToArray();
        return devices switch
        {
            [var device] => Task.FromResult(device.Silo),
            [] => throw new DeviceUnavailableException($"No living silo offers a device named {name}."),
            _ => throw new DeviceUnavailableException(
                $"Several silos offer a device named {name}: {string.Join(", ", devices.Select(static device => device.Silo))}; "
                + "give each another Device:Name."),
        };
    }
}
