using Microsoft.Extensions.DependencyInjection;
using Orleans;
using OrleansInference.ActorEngine.Tests.Grains;

namespace OrleansInference.ActorEngine.Tests;

public sealed class LifeTests(ClusterFixture fixture)
{
    private readonly string _key = Guid.NewGuid().ToString();

    private ILifeGrain Grain => fixture.Client.GetGrain<ILifeGrain>(_key);

    [Mirrors("An activation stays in memory between calls.")]
    [Fact]
    public async Task Grain_WhenCalledTwice_IsActivatedOnce()
    {
        var first = await Grain.GetActivationAsync();
        (await Grain.GetActivationAsync()).ShouldBe(first);
        LifeGrain.Activations[_key].ShouldBe(1);
    }

    [Mirrors("A grain id has one activation in the cluster, however many silos call it first at once.")]
    [Fact]
    public async Task Grain_WhenFirstCalledFromEverySiloAtOnce_IsActivatedOnce()
    {
        var factories = fixture.Cluster.Silos
            .Select(silo => silo.ServiceProvider.GetRequiredService<IGrainFactory>())
            .Append(fixture.Client)
            .ToList();
        for (var round = 0; round < 20; round++)
        {
            var key = $"{_key}/{round}";
            var activations = await Task.WhenAll(Enumerable.Range(0, 40)
                .Select(i => Task.Run(() => factories[i % factories.Count].GetGrain<ILifeGrain>(key).GetActivationAsync())));
            activations.Distinct().Count().ShouldBe(1);
            LifeGrain.Activations[key].ShouldBe(1);
        }
    }

    [Mirrors("DeactivateOnIdle calls OnDeactivateAsync with reason ApplicationRequested; grains are virtual, so the next call activates.")]
    [Fact]
    public async Task Grain_WhenItAsksToEnd_IsDeactivatedAndTheNextCallActivatesItAnew()
    {
        var first = await Grain.GetActivationAsync();
        await Grain.EndAsync();
        (await Grain.GetActivationAsync()).ShouldNotBe(first);
        LifeGrain.Deactivations[_key].ShouldBe(DeactivationReasonCode.ApplicationRequested);
    }

    [Mirrors("Calls that wait for an activation which ends are rerouted, not failed.")]
    [Fact]
    public async Task Grain_WhenItEndsWhileCallsWait_HasThemServedByTheNextActivation()
    {
        var first = await Grain.GetActivationAsync();
        var ending = Grain.EndWhileWaitingAsync(_key);
        await Gate.Of(_key).Reached;
        var waiting = Enumerable.Range(0, 10).Select(_ => Grain.GetActivationAsync()).ToList();
        LifeGrain.Deactivations.ShouldNotContainKey(_key);
        Gate.Of(_key).Open();
        await ending;
        var next = await Task.WhenAll(waiting);
        next.Distinct().ShouldHaveSingleItem().ShouldNotBe(first);
    }

    [Mirrors("The grain directory keeps single activation while activations come and go.")]
    [Fact]
    public async Task Grains_WhenTheyEndAllTheTimeWhileEverySiloCallsThem_NeverLiveTwice()
    {
        var factories = fixture.Cluster.Silos.Select(silo => silo.ServiceProvider.GetRequiredService<IGrainFactory>()).ToList();
        await Task.WhenAll(factories.SelectMany(factory => Enumerable.Range(0, 10).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; i < 60; i++)
            {
                var grain = factory.GetGrain<ILifeGrain>($"{_key}/{(caller + i) % 5}");
                await Calls.RetryAsync(grain.GetActivationAsync);
                if (i % 7 == caller % 7)
                    await Calls.RetryAsync(grain.EndAsync);
            }
        }))));
        LifeGrain.Doubles.ShouldNotContain(key => key.StartsWith(_key));
        Enumerable.Range(0, 5).Sum(i => LifeGrain.Activations[$"{_key}/{i}"]).ShouldBeGreaterThan(20);
    }

    [Mirrors("An exception of OnActivateAsync reaches the caller, and the next call tries anew.")]
    [Fact]
    public async Task Grain_WhenItsActivationFails_FailsTheCallAndIsTriedAgain()
    {
        var key = $"fails/{_key}";
        var grain = fixture.Client.GetGrain<ILifeGrain>(key);
        (await Should.ThrowAsync<OrderRefusedException>(grain.GetActivationAsync)).Message.ShouldBe("no activation");
        await Should.ThrowAsync<OrderRefusedException>(grain.GetActivationAsync);
        LifeGrain.Activations[key].ShouldBe(2);
    }

    [Mirrors("RegisterGrainTimer calls back as turns of the grain, never two of one timer at once, until disposed.")]
    [Fact]
    public async Task Timer_WhenStarted_TicksAsTurnsOfTheGrainUntilDisposed()
    {
        await Grain.StartTimerAsync(TimeSpan.FromMilliseconds(5), interleave: false, fails: false);
        await TestTime.UntilAsync(async () => (await Grain.GetTimerReportAsync()).Ticks >= 5, "five ticks");
        await Grain.StopTimerAsync();
        var report = await Grain.GetTimerReportAsync();
        report.IsEverConcurrent.ShouldBeFalse();
        report.IsOnScheduler.ShouldBeTrue();
        await LetTimersTickAsync();
        (await Grain.GetTimerReportAsync()).Ticks.ShouldBe(report.Ticks);
    }

    [Mirrors("A grain timer survives exceptions of its callback.")]
    [Fact]
    public async Task Timer_WhenItsCallbackFails_TicksOn()
    {
        await Grain.StartTimerAsync(TimeSpan.FromMilliseconds(5), interleave: false, fails: true);
        await TestTime.UntilAsync(async () => (await Grain.GetTimerReportAsync()).Ticks >= 3, "ticks after failures");
        await Grain.EndAsync();
    }

    [Mirrors("Grain timers end with their activation.")]
    [Fact]
    public async Task Timer_WhenItsGrainIsDeactivated_TicksNoMore()
    {
        await Grain.StartTimerAsync(TimeSpan.FromMilliseconds(5), interleave: false, fails: false);
        await TestTime.UntilAsync(() => LifeGrain.Ticks.ContainsKey(_key), "the first tick");
        await Grain.EndAsync();
        await TestTime.UntilAsync(() => LifeGrain.Deactivations.ContainsKey(_key), "the end of the grain");
        var ticks = LifeGrain.Ticks[_key];
        await LetTimersTickAsync();
        LifeGrain.Ticks[_key].ShouldBe(ticks);
    }

    [Mirrors("GrainTimerCreationOptions.Interleave decides whether callbacks run during calls.")]
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Timer_WhenTheGrainIsInACall_TicksOnlyIfItInterleaves(bool interleave)
    {
        await Grain.StartTimerAsync(TimeSpan.FromMilliseconds(5), interleave, fails: false);
        await TestTime.UntilAsync(async () => (await Grain.GetTimerReportAsync()).Ticks >= 1, "the first tick");
        var before = (await Grain.GetTimerReportAsync()).Ticks;
        var holding = Grain.HoldAsync(_key);
        await Gate.Of(_key).Reached;
        await LetTimersTickAsync();
        Gate.Of(_key).Open();
        var ticks = await holding;
        if (interleave)
            ticks.ShouldBeGreaterThan(before + 2);
        else
            ticks.ShouldBeLessThanOrEqualTo(before + 2);
        await Grain.EndAsync();
    }

    // Long enough for a timer of another grain to tick ten times.
    private async Task LetTimersTickAsync()
    {
        var other = fixture.Client.GetGrain<ILifeGrain>($"{_key}/other");
        await other.StartTimerAsync(TimeSpan.FromMilliseconds(5), interleave: false, fails: false);
        await TestTime.UntilAsync(async () => (await other.GetTimerReportAsync()).Ticks >= 10, "ten ticks of another timer");
        await other.EndAsync();
    }
}
