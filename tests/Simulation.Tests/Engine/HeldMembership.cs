using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using OrleansInference.Embedded.Membership;

namespace OrleansInference.Simulation.Tests.Engine;

/// <summary>A membership whose looks can be held up, as a folder's are while its disk does not answer.</summary>
internal sealed class HeldMembership(IClusterMembership inner) : IClusterMembership
{
    private TaskCompletionSource? _hold;

    public event Action<Member, SiloStatus>? Changed
    {
        add => inner.Changed += value;
        remove => inner.Changed -= value;
    }

    /// <summary>Looks that were held up.</summary>
    public int Held { get; private set; }

    public Member Self => inner.Self;

    public ImmutableDictionary<SiloAddress, Member> Members => inner.Members;

    /// <summary>Puts one in the place of a silo's membership.</summary>
    public static HeldMembership Wrap(IServiceCollection services)
    {
        var inner = services.Last(static service => service.ServiceType == typeof(IClusterMembership)).ImplementationInstance!;
        var held = new HeldMembership((IClusterMembership)inner);
        services.AddSingleton<IClusterMembership>(held);
        return held;
    }

    public void Hold() => _hold = new TaskCompletionSource();

    public void Release()
    {
        var held = _hold!;
        _hold = null;
        held.SetResult();
    }

    public bool IsAlive(SiloAddress silo) => inner.IsAlive(silo);

    public Task JoinAsync(MemberProfile profile, Func<Member, Task> listen, CancellationToken cancellation) =>
        inner.JoinAsync(profile, listen, cancellation);

    public async Task RefreshAsync()
    {
        if (_hold is { } hold)
        {
            Held++;
            await hold.Task;
        }
        await inner.RefreshAsync();
    }

    public Task BeginLeaveAsync() => inner.BeginLeaveAsync();

    public void Leave() => inner.Leave();

    public void Fence(Member member) => inner.Fence(member);
}
