using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace OrleansInference.Embedded.Membership;

/// <summary>The membership in Orleans' terms. Clients of test clusters are no silos, and not shown.</summary>
internal sealed class SiloStatusOracle(IClusterMembership membership, IOptions<SiloOptions> silo)
    : ISiloStatusOracle, ISiloMetadataCache, ILocalSiloDetails
{
    private int _newestGeneration;

    public string Name => silo.Value.SiloName;

    public SiloAddress SiloAddress => membership.Self.Silo;

    /// <summary>Later silos have larger generations: one that is no later than what was seen, and no member, was a member.</summary>
    public void OnSeen(SiloAddress siloAddress) => _newestGeneration = Math.Max(_newestGeneration, siloAddress.Generation);

    public SiloStatus GetApproximateSiloStatus(SiloAddress siloAddress)
    {
        if (membership.Members.TryGetValue(siloAddress, out var member))
            return member.Status;
        return siloAddress.Generation <= _newestGeneration ? SiloStatus.Dead : SiloStatus.None;
    }

    public Dictionary<SiloAddress, SiloStatus> GetApproximateSiloStatuses(bool onlyActive = false) => membership.Members.Values
        .Where(member => !member.Profile.IsClient && (!onlyActive || member.Status == SiloStatus.Active))
        .ToDictionary(member => member.Silo, member => member.Status);

    public bool IsDeadSilo(SiloAddress silo) => GetApproximateSiloStatus(silo) == SiloStatus.Dead;

    public SiloMetadata GetSiloMetadata(SiloAddress siloAddress) =>
        membership.Members.TryGetValue(siloAddress, out var member) ? new SiloMetadata(member.Profile.Labels) : SiloMetadata.Empty;
}
