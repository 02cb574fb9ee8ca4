using System.Collections.Immutable;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Membership;

/// <summary>Who is in the cluster.</summary>
internal interface IClusterMembership
{
    /// <summary>This silo as it joined, once it has.</summary>
    Member Self { get; }

    /// <summary>The members that are alive, with this one, as they were last seen.</summary>
    ImmutableDictionary<SiloAddress, Member> Members { get; }

    /// <summary>
    /// A member came (Active), is leaving (ShuttingDown), or is gone (Dead). Told of this silo itself, Dead means that its peers count it
    /// as dead, so that it must stop.
    /// </summary>
    event Action<Member, SiloStatus>? Changed;

    /// <summary>Whether the silo lives now; asks the kernel, not the memory of this process.</summary>
    bool IsAlive(SiloAddress silo);

    /// <summary>Becomes a member. What <paramref name="listen"/> opens is open before others see this silo.</summary>
    Task JoinAsync(MemberProfile profile, Func<Member, Task> listen, CancellationToken cancellation);

    /// <summary>Looks again.</summary>
    Task RefreshAsync();

    /// <summary>Has the others see that this silo takes no more grains.</summary>
    Task BeginLeaveAsync();

    /// <summary>Stops being a member. Others that were not told before see that this silo died.</summary>
    void Leave();

    /// <summary>Ends a member that does not answer. Does nothing to this process, or to one that is another by now.</summary>
    void Fence(Member member);
}

/// <summary>What a silo says of itself when it joins.</summary>
/// <param name="IsClient">Only calls grains: others do not see it as a silo.</param>
/// <param name="Grains">The types of the grains that it hosts.</param>
/// <param name="Builds">The assemblies whose types it sends, and which build of each: members must have the same.</param>
internal sealed record MemberProfile(
    string Name,
    bool IsClient,
    ImmutableDictionary<string, string> Labels,
    ImmutableArray<string> Grains,
    ImmutableDictionary<string, Guid> Builds);

/// <summary>A silo as its membership file describes it.</summary>
/// <param name="ProcessStart">When its process started, in the kernel's own count: tells it from a later one with the same id.</param>
/// <param name="Socket">Path of the socket that it listens on.</param>
internal sealed record Member(
    SiloAddress Silo, MemberProfile Profile, int ProcessId, long ProcessStart, string Socket, SiloStatus Status);
