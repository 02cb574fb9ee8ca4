using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansInference.Embedded.Activations;
using OrleansInference.Embedded.Directory;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Scheduling;
using OrleansInference.Embedded.Simulation;

namespace OrleansInference.Simulation.Tests.Engine;

/// <summary>The engine on simulated seams: three silos, of which the first calls.</summary>
public sealed class SimulatedClusterTests
{
    private static readonly SharedEngine Engine = new(TimeSpan.FromMinutes(15));

    [Fact]
    public void Calls_WhenTheyWaitForOthers_StayInTheSimulation()
    {
        var answer = 0;

        var cluster = Run(async (_, client) => answer = await client.GetGrain<IRoamingGrain>(0).StayAsync());

        answer.ShouldBe(4);
        cluster.Loop.Now.ShouldBeInRange(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4));
    }

    [Fact]
    public void Grain_WhenItLeavesForTheThreadPool_FailsTheSimulation() => Should.Throw<SimulationException>(static () =>
    {
        var cluster = Run(static (_, client) => Task.WhenAny(client.GetGrain<IRoamingGrain>(0).LeaveAsync(), Task.CompletedTask));
        cluster.Loop.RunFor(TimeSpan.FromSeconds(1));
        ThreadPool.QueueUserWorkItem(static _ => RoamingGrain.ComeBack());
        // How soon the thread pool gives the grain back is no matter of virtual time.
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromSeconds(30);)
            cluster.Loop.RunFor(TimeSpan.FromSeconds(1));
    }).Message.ShouldContain("something has left the simulation");

    [Fact]
    public void Call_WhenItsSiloDies_FailsWithoutWaiting() => Run(static async (cluster, client) =>
    {
        var (grain, silo) = await FindRemoteAsync(cluster, client);
        var call = grain.AnswerAsync(TimeSpan.FromSeconds(20));
        await Task.Delay(TimeSpan.FromSeconds(1), TimeOf(cluster));
        var killedAt = cluster.Loop.Now;
        cluster.Kill(silo);

        await Should.ThrowAsync<SiloUnavailableException>(() => call);
        (cluster.Loop.Now - killedAt).ShouldBeLessThan(TimeSpan.FromSeconds(1));
        (await grain.AnswerAsync(TimeSpan.Zero)).ShouldBe(1);
    });

    [Fact]
    public void Directory_WhenAGrainIsHandedOver_IsNeverWithoutIt() => Run(static async (cluster, client) =>
    {
        var (grain, silo) = await FindRemoteAsync(cluster, client);
        var (grainId, target, orphaned) = (grain.GetGrainId(), cluster.Silos.First().Address, 0);
        var directory = silo.Services.GetRequiredService<IActivationDirectory>();
        cluster.Loop.AfterStep = () => orphaned += directory.Find(grainId) is null ? 1 : 0;

        await directory.HandOverAsync(grainId, silo.Address, target);
        directory.Find(grainId).ShouldBe(target);
        // It is not that silo's any more.
        await directory.HandOverAsync(grainId, silo.Address, silo.Address);
        directory.Find(grainId).ShouldBe(target);
        orphaned.ShouldBe(0);
    });

    [Fact]
    public void Call_WhenItsSiloIsFrozen_TimesOutAndIsNotRun() => Run(static async (cluster, client) =>
    {
        var (grain, silo) = await FindRemoteAsync(cluster, client);
        silo.Process.Freeze();

        await Should.ThrowAsync<TimeoutException>(() => grain.AnswerAsync(TimeSpan.Zero));

        silo.Process.Thaw();
        (await grain.AnswerAsync(TimeSpan.Zero)).ShouldBe(1);
    }, watchesPeers: false);

    [Fact]
    public void Silo_WhenItIsFrozenForLong_IsFencedByItsPeers() => Run(static async (cluster, _) =>
    {
        SiloAddress? fenced = null;
        cluster.Fenced = silo => fenced = silo.Address;
        var frozen = cluster.Silos.Last();

        frozen.Process.Freeze();
        await Task.Delay(TimeSpan.FromSeconds(20), TimeOf(cluster));

        fenced.ShouldBe(frozen.Address);
    });

    [Fact]
    public void Peer_WhenThisSilosLooksWereHeldUp_IsNotFenced()
    {
        var memberships = new List<HeldMembership>();
        Run(async (cluster, _) =>
        {
            SiloAddress? fenced = null;
            cluster.Fenced = silo => fenced = silo.Address;

            memberships[0].Hold();
            await Task.Delay(TimeSpan.FromSeconds(20), TimeOf(cluster));
            memberships[0].Release();
            await Task.Delay(TimeSpan.FromSeconds(20), TimeOf(cluster));

            memberships[0].Held.ShouldBePositive();
            fenced.ShouldBeNull();
        }, configure: builder => memberships.Add(HeldMembership.Wrap(builder.Services)));
    }

    [Fact]
    public void Call_WhenItsSiloStopsInOrder_IsServedOnceTheGrainHasEnded() => Run(static async (cluster, client) =>
    {
        var (grain, silo) = await FindRemoteAsync(cluster, client);
        var running = grain.AnswerAsync(TimeSpan.FromSeconds(2));
        await Task.Delay(TimeSpan.FromMilliseconds(100), TimeOf(cluster));
        var stopping = cluster.Outside.RunAsync(() => cluster.StopAsync(silo));
        await Task.Delay(TimeSpan.FromMilliseconds(100), TimeOf(cluster));

        (await grain.AnswerAsync(TimeSpan.Zero)).ShouldBe(1);

        (await running).ShouldBe(1);
        cluster.Directory.OwnerOf(grain.GetGrainId()).ShouldNotBe(silo.Address);
        await stopping.FollowAsync();
    });

    [Fact]
    public void Silo_WhenAGrainDoesNotEnd_LeavesWithoutIt() => Run(static async (cluster, client) =>
    {
        var (grain, silo) = await FindRemoteAsync(cluster, client);
        var call = grain.AnswerAsync(TimeSpan.FromMinutes(1));
        await Task.Delay(TimeSpan.FromSeconds(1), TimeOf(cluster));
        var stoppedAt = cluster.Loop.Now;

        await cluster.StopAsync(silo);

        var timeout = new EmbeddedClusterOptions().StopTimeout;
        (cluster.Loop.Now - stoppedAt).ShouldBeInRange(timeout, timeout + TimeSpan.FromSeconds(1));
        await Should.ThrowAsync<SiloUnavailableException>(() => call);
    });

    [Fact]
    public void Grain_WhenItsNewSiloStillHasIt_IsNotTaken() => Run(static async (cluster, client) =>
    {
        var (grain, silo) = await FindRemoteAsync(cluster, client);
        var catalog = silo.Services.GetRequiredService<ActivationCatalog>();

        var taking = silo.Process.RunAsync(() => catalog.TakeAsync(grain.GetGrainId(), cluster.Silos.First().Address, [], null));

        (await Should.ThrowAsync<OrleansException>(() => taking)).Message.ShouldContain("still has it");
        (await grain.AnswerAsync(TimeSpan.Zero)).ShouldBe(1);
    });

    [Fact]
    public void Silos_WhenTheyAreParted_HoldTheirFramesUntilTheyAreJoined() => Run(static async (cluster, client) =>
    {
        var (grain, silo) = await FindRemoteAsync(cluster, client);
        var own = cluster.Silos.First().Process;
        cluster.Network.Part(own, silo.Process, cuts: false);
        var call = grain.AnswerAsync(TimeSpan.Zero);
        await Task.Delay(TimeSpan.FromSeconds(5), TimeOf(cluster));
        call.IsCompleted.ShouldBeFalse();

        cluster.Network.Join(own, silo.Process);

        (await call).ShouldBe(1);
    });

    [Fact]
    public void Silos_WhenTheyAreCut_RefuseCallsUntilTheyAreJoined() => Run(static async (cluster, client) =>
    {
        var (grain, silo) = await FindRemoteAsync(cluster, client);
        var own = cluster.Silos.First().Process;
        cluster.Network.Part(own, silo.Process, cuts: true);
        await Should.ThrowAsync<SiloUnavailableException>(() => grain.AnswerAsync(TimeSpan.Zero));
        await Task.Delay(TimeSpan.FromSeconds(1), TimeOf(cluster));

        cluster.Network.Join(own, silo.Process);

        (await grain.AnswerAsync(TimeSpan.Zero)).ShouldBe(1);
    });

    [Fact]
    public void Turns_WhenOneStartsBeforeAnotherEnds_AreFound() => Should.Throw<InvariantViolationException>(() => Run(
        static (_, client) => client.GetGrain<IRoamingGrain>(0).AnswerAsync(TimeSpan.Zero),
        configure: static builder => builder.Services.AddSingleton<ITurnObserver>(
            new DoublingObserver((ITurnObserver)builder.Services.Last(
                static service => service.ServiceType == typeof(ITurnObserver)).ImplementationInstance!)))).Invariant.ShouldBe("turns");

    private static SimulatedCluster Run(
        Func<SimulatedCluster, IGrainFactory, Task> story, bool watchesPeers = true, Action<ISiloBuilder>? configure = null)
    {
        var cluster = new SimulatedCluster(seed: 1, Engine);
        cluster.Run(async () =>
        {
            for (var i = 0; i < 3; i++)
                await cluster.AddSilo($"silo-{i}", Configure).StartAsync();
        }, TimeSpan.FromMinutes(1));
        var own = cluster.Silos.First();
        var told = own.Process.RunAsync(() => story(cluster, own.Services.GetRequiredService<IGrainFactory>()));
        cluster.Loop.Run(() => told.IsCompleted, TimeSpan.FromHours(1));
        told.GetAwaiter().GetResult();
        return cluster;

        void Configure(ISiloBuilder builder)
        {
            builder.Configure<EmbeddedClusterOptions>(options => options.WatchesPeers = watchesPeers);
            configure?.Invoke(builder);
        }
    }

    private static TimeProvider TimeOf(SimulatedCluster cluster) => cluster.Silos.First().Process.Time;

    // Placement is random, so a few grains are tried.
    private static async Task<(IRoamingGrain Grain, SimulatedSilo Silo)> FindRemoteAsync(SimulatedCluster cluster, IGrainFactory client)
    {
        for (var key = 0; key < 20; key++)
        {
            var grain = client.GetGrain<IRoamingGrain>(key);
            await grain.AnswerAsync(TimeSpan.Zero);
            var owner = cluster.Directory.OwnerOf(grain.GetGrainId());
            if (cluster.Silos.Skip(1).FirstOrDefault(silo => silo.Address.Equals(owner)) is { } silo)
                return (grain, silo);
        }
        throw new InvalidOperationException("Every grain is on the first silo.");
    }

    /// <summary>Says of every turn that it starts twice.</summary>
    private sealed class DoublingObserver(ITurnObserver inner) : ITurnObserver
    {
        public void OnStarted(Activation activation, Turn turn)
        {
            inner.OnStarted(activation, turn);
            inner.OnStarted(activation, turn);
        }

        public void OnEnded(Activation activation, Turn turn) => inner.OnEnded(activation, turn);
    }
}
