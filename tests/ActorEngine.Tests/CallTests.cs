using System.Collections.Immutable;
using Orleans;
using Orleans.Runtime;
using OrleansInference.ActorEngine.Tests.Grains;

namespace OrleansInference.ActorEngine.Tests;

public sealed class CallTests(ClusterFixture fixture)
{
    private ICalculatorGrain NewGrain() => fixture.Client.GetGrain<ICalculatorGrain>(Guid.NewGuid().ToString());

    [Fact]
    public async Task Call_WhenMethodReturnsTask_HasItsResult() => (await NewGrain().AddAsync(2, 3)).ShouldBe(5);

    [Fact]
    public async Task Call_WhenMethodReturnsValueTask_HasItsResult() => (await NewGrain().MultiplyAsync(2, 3)).ShouldBe(6);

    [Fact]
    public async Task Call_WhenMethodHasNoResult_IsCarriedOutBeforeItReturns()
    {
        var grain = NewGrain();
        await grain.RememberAsync(42);
        (await grain.RecallAsync()).ShouldBe(42);
    }

    [Fact]
    public async Task Call_WhenOneWay_ReturnsAtOnceAndIsCarriedOut()
    {
        var grain = NewGrain();
        await grain.RememberLaterAsync(42);
        await TestTime.UntilAsync(async () => await grain.RecallAsync() == 42, "the one-way call");
    }

    [Fact]
    public async Task Call_WhenVoid_IsCarriedOut()
    {
        var gate = Guid.NewGuid().ToString();
        fixture.Client.GetGrain<ITurnGrain>(gate).Signal(gate);
        await Gate.Of(gate).PassAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Call_WhenGrainFails_HasTheExceptionWithItsTypeMessageMembersAndStack(bool sameSilo)
    {
        var (caller, target) = await GrainPair.CreateAsync(fixture, sameSilo);
        var exception = await Should.ThrowAsync<OrderRefusedException>(() => caller.FailThroughAsync(target, "order", "sold out"));
        exception.Message.ShouldBe("sold out");
        exception.Code.ShouldBe(7);
        exception.StackTrace.ShouldNotBeNull().ShouldContain(nameof(CalculatorGrain.FailAsync));
    }

    [Fact]
    public async Task Call_WhenGrainFailsWithACause_HasTheCauseToo()
    {
        var exception = await Should.ThrowAsync<InvalidOperationException>(() => NewGrain().FailAsync("nested", "outer"));
        exception.Message.ShouldBe("outer");
        exception.InnerException.ShouldBeOfType<ArgumentException>().Message.ShouldBe("the cause");
    }

    [Fact]
    public async Task Call_WhenGrainFailsWithAnExceptionNotMarkedForSending_HasItsTypeAndMessage()
    {
        var exception = await Should.ThrowAsync<UnmarkedException>(() => NewGrain().FailAsync("unmarked", "of a library"));
        exception.Message.ShouldBe("of a library");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Arguments_WhenTheGrainChangesThem_AreNotTheCallers(bool sameSilo)
    {
        var pair = await GrainPair.CreateAsync(fixture, sameSilo);
        (await pair.Caller.KeepsItsArgumentAsync(pair.Target)).ShouldBeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Results_WhenTheCallerChangesThem_AreNotTheGrains(bool sameSilo)
    {
        var pair = await GrainPair.CreateAsync(fixture, sameSilo);
        (await pair.Caller.LeavesResultAloneAsync(pair.Target)).ShouldBeTrue();
    }

    [Fact]
    public async Task Arguments_WhenTheCallerChangesThemAfterTheCall_ArriveAsTheyWere()
    {
        var grain = NewGrain();
        var order = new Order { Lines = { "one" } };
        var call = grain.ChangeAsync(order);
        order.Lines.Add("too late");
        (await call).Lines.ShouldBe(["one", "changed by the grain"]);
    }

    [Fact]
    public async Task Arguments_WhenTheyReferToThemselves_KeepTheirShape()
    {
        var order = new Order { Lines = { "one" } };
        order.Next = order;
        var changed = await NewGrain().ChangeAsync(order);
        changed.Next.ShouldBeSameAs(changed);
    }

    [Fact]
    public async Task Arguments_WhenImmutable_AreSharedWithinASilo()
    {
        var pair = await GrainPair.CreateAsync(fixture, sameSilo: true);
        (await pair.Caller.SharesLabelAsync(pair.Target)).ShouldBeTrue();
    }

    [Fact]
    public async Task Arguments_WhenOfDerivedTypes_ArriveAsWhatTheyAre()
    {
        ImmutableArray<Shape> shapes = [new Circle("c", 1.5), new Rectangle("r", 2, 3)];
        (await NewGrain().EchoShapesAsync(shapes)).ShouldBe(shapes);
    }

    [Fact]
    public async Task Reference_WhenPassedToAGrain_CanBeCalledThere()
    {
        var other = NewGrain();
        (await NewGrain().AddThroughAsync(other, 20, 22)).ShouldBe(42);
    }

    [Fact]
    public async Task Reference_WhenReturnedByAGrain_IsTheGrain()
    {
        var grain = NewGrain();
        await grain.RememberAsync(5);
        var self = await grain.GetSelfAsync();
        self.ShouldBe(grain);
        (await self.RecallAsync()).ShouldBe(5);
    }

    [Fact]
    public void References_WhenToTheSameGrain_AreEqual()
    {
        var key = Guid.NewGuid().ToString();
        var reference = fixture.Client.GetGrain<ICalculatorGrain>(key);
        reference.ShouldBe(fixture.Client.GetGrain<ICalculatorGrain>(key));
        reference.GetHashCode().ShouldBe(fixture.Client.GetGrain<ICalculatorGrain>(key).GetHashCode());
        reference.ShouldNotBe(NewGrain());
        reference.GetPrimaryKeyString().ShouldBe(key);
        reference.GetGrainId().ToString().ShouldBe($"calculator/{key}");
        reference.ShouldBeAssignableTo<GrainReference>();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(26)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    public void Reference_WhenItsKeyIsAnInteger_HasThatKey(long key) =>
        fixture.Client.GetGrain<IWorkerGrain>(key).GetPrimaryKeyLong().ShouldBe(key);

    [Fact]
    public async Task RequestContext_WhenSet_TravelsWithCalls()
    {
        RequestContext.Set("trace", "t-1");
        (await NewGrain().GetContextAsync("trace")).ShouldBe("t-1");
        RequestContext.Remove("trace").ShouldBeTrue();
        (await NewGrain().GetContextAsync("trace")).ShouldBeNull();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancellation_WhenTheCallerCancels_ReachesTheGrain(bool alreadyActive)
    {
        var gate = Guid.NewGuid().ToString();
        var grain = fixture.Client.GetGrain<ITurnGrain>(gate);
        if (alreadyActive)
            await grain.CountAsync();
        using var cancellation = new CancellationTokenSource();
        var call = grain.WatchAsync(gate, cancellation.Token);
        await Gate.Of(gate).Reached;
        await cancellation.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => call);
        await Gate.Of($"{gate}/cancelled").PassAsync();
    }

    [Fact]
    public async Task Cancellation_WhenTheTokenIsCancelledAlready_KeepsTheCallFromTheGrain()
    {
        var gate = Guid.NewGuid().ToString();
        var grain = fixture.Client.GetGrain<ITurnGrain>(gate);
        await Should.ThrowAsync<OperationCanceledException>(() => grain.WatchAsync(gate, new CancellationToken(canceled: true)));
        await grain.CountAsync();
        Gate.Of(gate).Reached.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task Timeout_WhenTheGrainTakesLonger_EndsTheCall()
    {
        var gate = Guid.NewGuid().ToString();
        var grain = fixture.Client.GetGrain<ITurnGrain>(gate);
        var exception = await Should.ThrowAsync<TimeoutException>(() => grain.WaitBrieflyAsync(gate));
        exception.Message.ShouldStartWith("Response did not arrive on time in 00:00:00.3000000 for message:");
        Gate.Of(gate).Open();
        (await grain.CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Factory_WhenNoClassImplementsTheInterface_SaysSo()
    {
        var exception = Should.Throw<ArgumentException>(() => fixture.Client.GetGrain<INobodysGrain>("x"));
        exception.Message.ShouldContain(nameof(INobodysGrain));
        await Task.CompletedTask;
    }
}

public interface INobodysGrain : IGrainWithStringKey
{
    Task DoAsync();
}
