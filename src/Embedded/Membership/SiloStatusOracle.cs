using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace OrleansInference.Embedded.Membership;

/// <summary>The membership in Orleans' terms. Clients of test clusters are no silos, and not shown.</summary>
internal sealed class SiloStatusOracle : ISiloStatusOracle, ISiloMetadataCache, ILocalSiloDetails
{
    private readonly IClusterMembership _membership;
    private readonly IOptions<ClusterOptions> _cluster;
    private readonly IOptions<SiloOptions> _silo;
    private readonly ConcurrentDictionary<ISiloStatusListener, bool> _listeners = new();

    public SiloStatusOracle(IClusterMembership membership, IOptions<ClusterOptions> cluster, IOptions<SiloOptions> silo)
    {
        _membership = membership;
        _cluster = cluster;
        _silo = silo;
        membership.Changed += OnChanged;
    }

    public SiloStatus CurrentStatus => _membership.Self.Status;

    public string SiloName => _silo.Value.SiloName;

    public string Name => SiloName;

    public string ClusterId => _cluster.Value.ClusterId;

    public SiloAddress SiloAddress => _membership.Self.Silo;

    public SiloStatus GetApproximateSiloStatus(SiloAddress siloAddress)
    {
        if (_membership.Members.TryGetValue(siloAddress, out var member))
            return member.Status;
        return _membership.WasMember(siloAddress) ? SiloStatus.Dead : SiloStatus.None;
    }

    public Dictionary<SiloAddress, SiloStatus> GetApproximateSiloStatuses(bool onlyActive = false) => _membership.Members.Values
        .Where(member => !member.Profile.IsClient && (!onlyActive || member.Status == SiloStatus.Active))
        .ToDictionary(member => member.Silo, member => member.Status);

    public bool TryGetSiloName(SiloAddress siloAddress, [NotNullWhen(true)] out string? siloName)
    {
        siloName = _membership.Members.GetValueOrDefault(siloAddress)?.Profile.Name;
        return siloName is not null;
    }

    public bool IsDeadSilo(SiloAddress silo) => GetApproximateSiloStatus(silo) == SiloStatus.Dead;

    public bool SubscribeToSiloStatusEvents(ISiloStatusListener observer) => _listeners.TryAdd(observer, true);

    public bool UnSubscribeFromSiloStatusEvents(ISiloStatusListener observer) => _listeners.TryRemove(observer, out _);

    public SiloMetadata GetSiloMetadata(SiloAddress siloAddress) =>
        _membership.Members.TryGetValue(siloAddress, out var member) ? new SiloMetadata(member.Profile.Labels) : SiloMetadata.Empty;

    private void OnChanged(Member member, SiloStatus status)
    {
        if (member.Profile.IsClient)
            return;
        foreach (var listener in _listeners.Keys)
            listener.SiloStatusChangeNotification(member.Silo, status);
    }
}
