using System.Collections.Immutable;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Placement;

namespace OrleansInference.Grains.Clusters;

/// <summary>Devices by what they last reported, as far as their silos are alive.</summary>
internal sealed class DeviceRoster(ISiloStatusOracle silos, ISiloMetadataCache metadata, TimeProvider time, RosterOptions options)
{
    private readonly Dictionary<string, (DeviceReport Report, DateTimeOffset HeardAt)> _heard = new(StringComparer.Ordinal);
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();

    public void Note(DeviceReport report)
    {
        if (IsAlive(report.Registration.Silo))
            _heard[report.Registration.Profile.Name] = (report, time.GetUtcNow());
    }

    /// <summary>In name order.</summary>
    public ImmutableArray<DeviceReport> Living() =>
        [.. Heard().OrderBy(static report => report.Registration.Profile.Name, StringComparer.Ordinal)];

    /// <summary>Devices whose silos are alive but that have not been heard of: they start, or this grain is new.</summary>
    public ImmutableArray<string> Missing()
    {
        var known = Heard().Select(static report => report.Registration.Silo).ToHashSet();
        var unknown = silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Where(silo => !known.Contains(silo));
        return [.. SiloDevice.ReadAll(unknown, metadata).Select(static device => device.Name)];
    }

    /// <summary>Whether the roster is as good as it gets. A device that never reports is not waited for forever.</summary>
    public bool IsSettled() =>
        time.GetUtcNow() - _startedAt >= TimeSpan.FromSeconds(options.SettleSeconds) || Missing().IsEmpty;

    private IEnumerable<DeviceReport> Heard()
    {
        var horizon = time.GetUtcNow() - TimeSpan.FromSeconds(options.DeviceSilenceSeconds);
        foreach (var (name, (report, heardAt)) in _heard)
        {
            if (!IsAlive(report.Registration.Silo))
                _heard.Remove(name);
            else if (heardAt >= horizon)
                yield return report;
        }
    }

    private bool IsAlive(SiloAddress silo) => silos.GetApproximateSiloStatus(silo) == SiloStatus.Active;
}
