using System.Collections.Immutable;
using Orleans.Runtime;
using OrleansInference.Embedded.Membership;

namespace OrleansInference.Embedded.Simulation;

/// <summary>The membership as one silo sees it. The dead are found at once by whoever asks, as the kernel frees their locks.</summary>
internal sealed class SimulatedMembership : IClusterMembership
{
    private readonly MembershipTable _table;
    private readonly SiloAddress _address;
    private readonly Action<SiloAddress> _fence;
    private Member? _self;
    private int _seen;

    /// <param name="fence">Ends the process of a silo.</param>
    public SimulatedMembership(MembershipTable table, SimulatedProcess process, SiloAddress address, Action<SiloAddress> fence)
    {
        (_table, Process, _address, _fence) = (table, process, address, fence);
        Poll = new PollEvent(this);
    }

    public event Action<Member, SiloStatus>? Changed;

    public SimulatedProcess Process { get; }

    public Member Self => _self ?? throw new InvalidOperationException("The silo has not started.");

    public ImmutableDictionary<SiloAddress, Member> Members { get; private set; } = ImmutableDictionary<SiloAddress, Member>.Empty;

    internal SimulatedEvent Poll { get; }

    public bool IsAlive(SiloAddress silo) => _table.IsAlive(silo);

    public async Task JoinAsync(MemberProfile profile, Func<Member, Task> listen, CancellationToken cancellation)
    {
        if (_table.Members.Values.Any(member => member.Profile.Name == profile.Name))
            throw new OrleansConfigurationException($"A silo \"{profile.Name}\" is there already.");
        var self = new Member(_address, profile, Process.Number, Process.Number, Process.Name, SiloStatus.Active);
        await listen(self);
        _self = self;
        _seen = _table.Changes.Count;
        _table.Put(self);
        _table.Watch(this);
        Show();
    }

    public Task RefreshAsync()
    {
        Refresh();
        return Task.CompletedTask;
    }

    public Task BeginLeaveAsync()
    {
        _self = Self with { Status = SiloStatus.ShuttingDown };
        _table.Put(_self);
        Refresh();
        return Task.CompletedTask;
    }

    public void Leave()
    {
        _table.Unwatch(this);
        _table.Remove(_address);
    }

    public void Fence(Member member) => _fence(member.Silo);

    // Who joins learns of all members at once.
    private void Show()
    {
        _seen = _table.Changes.Count;
        Members = _table.Members;
        foreach (var member in Members.Values)
            Changed?.Invoke(member, member.Status);
    }

    private void Refresh()
    {
        if (_self is null || _seen == _table.Changes.Count)
            return;
        var (first, before) = (_seen, Members);
        _seen = _table.Changes.Count;
        Members = _table.Members;
        for (var i = first; i < _seen; i++)
        {
            var change = _table.Changes[i];
            // Whoever came and went between two looks was never seen.
            var isKnown = change.Status == SiloStatus.Dead ? before.ContainsKey(change.Member.Silo) : Members.ContainsKey(change.Member.Silo);
            if (isKnown)
                Changed?.Invoke(change.Member, change.Status);
        }
    }

    private sealed class PollEvent(SimulatedMembership membership) : SimulatedEvent(membership.Process)
    {
        public override EventKind Kind => EventKind.Membership;

        public override void Run() => membership.Refresh();
    }
}
