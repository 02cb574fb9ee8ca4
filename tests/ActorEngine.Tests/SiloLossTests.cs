using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansInference.ActorEngine.Tests.Grains;

namespace OrleansInference.ActorEngine.Tests;

public sealed class SiloLossTests
{
    [Mirrors("A grain of a dead silo is activated on another at its next call.")]
    [Fact]
    public async Task Grain_WhenItsSiloIsKilled_IsPlacedAgain()
    {
        await using var cluster = ClusterFixture.Build(3);
        await cluster.DeployAsync();
        var victim = cluster.Silos[1];
        var grains = Enumerable.Range(0, 20).Select(i => cluster.Client.GetGrain<ICalculatorGrain>($"{i}")).ToList();
        using (ClusterFixture.PlaceAt(victim.SiloAddress))
            await Task.WhenAll(grains.Select(grain => grain.GetSiloAsync()));
        await cluster.KillSiloAsync(victim);
        foreach (var grain in grains)
            (await Calls.RetryAsync(grain.GetSiloAsync)).ShouldNotBe(victim.SiloAddress);
    }

    [Mirrors("Calls under way from one silo to another are rejected (most as SiloUnavailableException) once that one is declared dead.")]
    [Fact]
    public async Task Calls_WhenTheirSiloIsKilled_AreRejectedBeforeTheyTimeOut()
    {
        await using var cluster = ClusterFixture.Build(2);
        await cluster.DeployAsync();
        // Called from the other silo: what an outside client of Orleans has under way only ends with its response timeout.
        var grain = cluster.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<ITurnGrain>("x");
        using (ClusterFixture.PlaceAt(cluster.Silos[1].SiloAddress))
            await grain.CountAsync();
        var gate = Guid.NewGuid().ToString();
        var calls = Enumerable.Range(0, 10).Select(_ => grain.WaitInterleavedAsync(gate)).ToList();
        await TestTime.UntilAsync(async () => await grain.PeekAsync() == 10, "ten calls under way");
        var watch = Stopwatch.StartNew();
        await cluster.KillSiloAsync(cluster.Silos[1]);
        foreach (var call in calls)
            await Should.ThrowAsync<OrleansMessageRejectionException>(() => call);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(25));
        Gate.Of(gate).Open();
    }

    [Mirrors("A silo that stops deactivates its grains with reason ShuttingDown; calls it rejects may be sent again.")]
    [Fact]
    public async Task Grains_WhenTheirSiloStops_EndInOrderAndAreServedByOthers()
    {
        await using var cluster = ClusterFixture.Build(2);
        await cluster.DeployAsync();
        var keys = Enumerable.Range(0, 20).Select(_ => Guid.NewGuid().ToString()).ToList();
        using (ClusterFixture.PlaceAt(cluster.Silos[1].SiloAddress))
            await Task.WhenAll(keys.Select(key => cluster.Client.GetGrain<ILifeGrain>(key).GetActivationAsync()));
        var grains = cluster.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>();
        using var stopped = new CancellationTokenSource();
        var calls = keys.Select(async key =>
        {
            while (!stopped.IsCancellationRequested)
                await Calls.RetryAsync(grains.GetGrain<ILifeGrain>(key).GetActivationAsync);
        }).ToList();
        await cluster.StopSiloAsync(cluster.Silos[1]);
        await stopped.CancelAsync();
        await Task.WhenAll(calls);
        foreach (var key in keys)
            LifeGrain.Deactivations[key].ShouldBe(DeactivationReasonCode.ShuttingDown);
    }

    [Mirrors("ISiloStatusOracle of every silo follows joins and deaths; a new silo is used once the others know its grain classes.")]
    [Fact]
    public async Task Silos_WhenOneIsKilledAndOneStarts_AgreeOnWhoIsThere()
    {
        await using var cluster = ClusterFixture.Build(3);
        await cluster.DeployAsync();
        var dead = cluster.Silos[2].SiloAddress;
        await cluster.KillSiloAsync(cluster.Silos[2]);
        await cluster.WaitForLivenessToStabilizeAsync(didKill: true);
        var oracle = cluster.Silos[0].ServiceProvider.GetRequiredService<ISiloStatusOracle>();
        oracle.IsDeadSilo(dead).ShouldBeTrue();
        var added = await cluster.StartAdditionalSiloAsync();
        await cluster.WaitForLivenessToStabilizeAsync();
        oracle.GetApproximateSiloStatuses(onlyActive: true).Keys.Order()
            .ShouldBe(new[] { cluster.Silos[0].SiloAddress, cluster.Silos[1].SiloAddress, added.SiloAddress }.Order());
        using var _ = ClusterFixture.PlaceAt(added.SiloAddress);
        await TestTime.UntilAsync(
            async () => added.SiloAddress.Equals(await cluster.Client.GetGrain<ICalculatorGrain>($"{Guid.NewGuid()}").GetSiloAsync()),
            "a grain on the new silo");
    }

    [Mirrors("GrainCollectionOptions.CollectionAge ends idle activations with reason ActivationIdle.")]
    [Fact]
    public async Task Grain_WhenIdleForLongerThanItsAge_IsDeactivated()
    {
        await using var cluster = ClusterFixture.Build(1, (_, silo) => silo.Configure<GrainCollectionOptions>(options =>
        {
            options.CollectionAge = TimeSpan.FromSeconds(1.2);
            options.CollectionQuantum = TimeSpan.FromSeconds(1);
        }));
        await cluster.DeployAsync();
        var key = Guid.NewGuid().ToString();
        var first = await cluster.Client.GetGrain<ILifeGrain>(key).GetActivationAsync();
        await TestTime.UntilAsync(() => LifeGrain.Deactivations.ContainsKey(key), "the end of the idle grain");
        LifeGrain.Deactivations[key].ShouldBe(DeactivationReasonCode.ActivationIdle);
        (await cluster.Client.GetGrain<ILifeGrain>(key).GetActivationAsync()).ShouldNotBe(first);
    }

    [Mirrors("MaxEnqueuedRequestsHardLimit bounds what waits for an activation; more calls get LimitExceededException.")]
    [Fact]
    public async Task Mailbox_WhenFull_RefusesFurtherCalls()
    {
        await using var cluster = ClusterFixture.Build(1, (_, silo) => silo.Configure<SiloMessagingOptions>(
            options => options.MaxEnqueuedRequestsHardLimit = 5));
        await cluster.DeployAsync();
        var gate = Guid.NewGuid().ToString();
        var grain = cluster.Client.GetGrain<ITurnGrain>("x");
        var first = grain.WaitAsync(gate);
        await Gate.Of(gate).Reached;
        var calls = Enumerable.Range(0, 20).Select(_ => grain.CountAsync()).ToList();
        await TestTime.UntilAsync(() => calls.Any(call => call.IsFaulted), "a refusal");
        Gate.Of(gate).Open();
        await first;
        await Task.WhenAll(calls).ContinueWith(_ => { }, TaskScheduler.Default);
        calls.Count(call => call.IsFaulted).ShouldBeInRange(1, 15);
        calls.Where(call => call.IsFaulted).ShouldAllBe(call => call.Exception!.InnerException is LimitExceededException);
    }
}
