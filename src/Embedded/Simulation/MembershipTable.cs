using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Orleans.Runtime;
using OrleansInference.Embedded.Membership;

namespace OrleansInference.Embedded.Simulation;

/// <summary>Who is a member: the truth, as the kernel's locks tell it. Every silo sees its changes in their order, each at its own time.</summary>
internal sealed class MembershipTable(SimulationLoop loop, Random random)
{
    /// <summary>How long a silo takes at most to look again, as in the engine.</summary>
    private static readonly TimeSpan PollPeriod = TimeSpan.FromSeconds(1);

    private readonly List<MembershipChange> _changes = [];
    private readonly List<SimulatedMembership> _views = [];

    /// <summary>The living members.</summary>
    public ImmutableDictionary<SiloAddress, Member> Members { get; private set; } =
        ImmutableDictionary.Create<SiloAddress, Member>(SiloOrder.Instance);

    internal IReadOnlyList<MembershipChange> Changes => _changes;

    public bool IsAlive(SiloAddress silo) => Members.ContainsKey(silo);

    public void Put(Member member) => Add(Members.SetItem(member.Silo, member), member, member.Status);

    public void Remove(SiloAddress silo)
    {
        if (Members.TryGetValue(silo, out var member))
            Add(Members.Remove(silo), member, SiloStatus.Dead);
    }

    internal void Watch(SimulatedMembership view) => _views.Add(view);

    internal void Unwatch(SimulatedMembership view) => _views.Remove(view);

    private void Add(ImmutableDictionary<SiloAddress, Member> members, Member member, SiloStatus status)
    {
        Members = members;
        _changes.Add(new MembershipChange(member, status, members));
        _views.RemoveAll(static view => !view.Process.IsAlive);
        foreach (var view in _views)
            loop.Schedule(view.Poll, loop.NowTicks + (long)(PollPeriod.Ticks * random.NextDouble()));
    }

    /// <summary>Hashes that are the same in every process, and with them the order of what is enumerated.</summary>
    private sealed class SiloOrder : IEqualityComparer<SiloAddress>
    {
        public static readonly SiloOrder Instance = new();

        public bool Equals(SiloAddress? one, SiloAddress? other) => one is null ? other is null : one.Equals(other);

        public int GetHashCode([DisallowNull] SiloAddress silo) => unchecked(silo.Endpoint.Port * 65_599 + silo.Generation);
    }
}

internal sealed record MembershipChange(Member Member, SiloStatus Status, ImmutableDictionary<SiloAddress, Member> Members);
