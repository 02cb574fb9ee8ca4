using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;
using OrleansInference.Grains.Devices;

namespace OrleansInference.Grains.Placement;

/// <summary>Obeys the plan's target while that silo is alive and offers a device; otherwise the best score decides.</summary>
internal sealed class DevicePlacementDirector(ISiloMetadataCache metadata) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var devices = SiloDevice.ReadAll(context.GetCompatibleSilos(target), metadata).ToArray();
        var silos = Array.ConvertAll(devices, static device => device.Silo);
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) is { } planned)
            return Task.FromResult(planned);
        var requiredBytes = PlacementRequest.RequiredBytes(target.RequestContextData);
        return PlacementScore.Choose(devices, requiredBytes) is { } best
            ? Task.FromResult(best.Silo)
            : throw new DeviceUnavailableException(devices.Length == 0
                ? $"No device is in the cluster yet, and {target.GrainIdentity} needs one."
                : $"None of {devices.Length} living devices has the {requiredBytes} bytes that {target.GrainIdentity} needs.");
    }
}
