using System.Collections.Immutable;
using Orleans;
using Orleans.Runtime;
using Orleans.Serialization;
using OrleansInference.ActorEngine.Tests.Grains;

namespace OrleansInference.ActorEngine.Tests;

public sealed class CallTests(ClusterFixture fixture)
{
    private ICalculatorGrain NewGrain() => fixture.Client.GetGrain<ICalculatorGrain>(Guid.NewGuid().ToString());

    [Mirrors("Grain methods may return Task<T>.")]
    [Fact]
    public async Task Call_WhenMethodReturnsTask_HasItsResult() => (await NewGrain().AddAsync(2, 3)).ShouldBe(5);

    [Mirrors("Grain methods may return ValueTask<T>.")]
    [Fact]
    public async Task Call_WhenMethodReturnsValueTask_HasItsResult() => (await NewGrain().MultiplyAsync(2, 3)).ShouldBe(6);

    [Mirrors("A call without a result still completes only when its method has.")]
    [Fact]
    public async Task Call_WhenMethodHasNoResult_IsCarriedOutBeforeItReturns()
    {
        var grain = NewGrain();
        await grain.RememberAsync(42);
        (await grain.RecallAsync()).ShouldBe(42);
    }

    [Mirrors("[OneWay] calls complete without waiting for the grain.")]
    [Fact]
    public async Task Call_WhenOneWay_ReturnsAtOnceAndIsCarriedOut()
    {
        var grain = NewGrain();
        await grain.RememberLaterAsync(42);
        await TestTime.UntilAsync(async () => await grain.RecallAsync() == 42, "the one-way call");
    }

    [Mirrors("Grain methods may return void, which makes them one-way.")]
    [Fact]
    public async Task Call_WhenVoid_IsCarriedOut()
    {
        var gate = Guid.NewGuid().ToString();
        fixture.Client.GetGrain<ITurnGrain>(gate).Signal(gate);
        await Gate.Of(gate).PassAsync();
    }

    [Mirrors("Exceptions reach the caller with type, message, [Id] members and the grain's stack.")]
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

    [Mirrors("Exceptions travel with their inner exceptions.")]
    [Fact]
    public async Task Call_WhenGrainFailsWithACause_HasTheCauseToo()
    {
        var exception = await Should.ThrowAsync<InvalidOperationException>(() => NewGrain().FailAsync("nested", "outer"));
        exception.Message.ShouldBe("outer");
        exception.InnerException.ShouldBeOfType<ArgumentException>().Message.ShouldBe("the cause");
    }

    [Mirrors("Exceptions of frameworks or with [GenerateSerializer] are sent; for others CodecNotFoundException arrives.")]
    [Fact]
    public async Task Call_WhenGrainFailsWithAnExceptionNotMarkedForSending_SaysWhichTypeCannotBeSent()
    {
        var exception = await Should.ThrowAsync<CodecNotFoundException>(() => NewGrain().FailAsync("unmarked", "of a library"));
        exception.Message.ShouldContain(nameof(UnmarkedException));
    }

    [Mirrors("Arguments are deep copies, within a silo as between silos.")]
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Arguments_WhenTheGrainChangesThem_AreNotTheCallers(bool sameSilo)
    {
        var pair = await GrainPair.CreateAsync(fixture, sameSilo);
        (await pair.Caller.KeepsItsArgumentAsync(pair.Target)).ShouldBeTrue();
    }

    [Mirrors("Results are deep copies, within a silo as between silos.")]
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Results_WhenTheCallerChangesThem_AreNotTheGrains(bool sameSilo)
    {
        var pair = await GrainPair.CreateAsync(fixture, sameSilo);
        (await pair.Caller.LeavesResultAloneAsync(pair.Target)).ShouldBeTrue();
    }

    [Mirrors("Arguments are copied when the call is made, not when it runs.")]
    [Fact]
    public async Task Arguments_WhenTheCallerChangesThemAfterTheCall_ArriveAsTheyWere()
    {
        var grain = NewGrain();
        var order = new Order { Lines = { "one" } };
        var call = grain.ChangeAsync(order);
        order.Lines.Add("too late");
        (await call).Lines.ShouldBe(["one", "changed by the grain"]);
    }

    [Mirrors("The serializer tracks references: cycles and shared objects stay what they are.")]
    [Fact]
    public async Task Arguments_WhenTheyReferToThemselves_KeepTheirShape()
    {
        var order = new Order { Lines = { "one" } };
        order.Next = order;
        var changed = await NewGrain().ChangeAsync(order);
        changed.Next.ShouldBeSameAs(changed);
    }

    [Mirrors("[Immutable] types are passed without a copy within a silo.")]
    [Fact]
    public async Task Arguments_WhenImmutable_AreSharedWithinASilo()
    {
        var pair = await GrainPair.CreateAsync(fixture, sameSilo: true);
        (await pair.Caller.SharesLabelAsync(pair.Target)).ShouldBeTrue();
    }

    [Mirrors("The serializer keeps the runtime type of a value that a base type declares.")]
    [Fact]
    public async Task Arguments_WhenOfDerivedTypes_ArriveAsWhatTheyAre()
    {
        ImmutableArray<Shape> shapes = [new Circle("c", 1.5), new Rectangle("r", 2, 3)];
        (await NewGrain().EchoShapesAsync(shapes)).ShouldBe(shapes);
    }

    [Mirrors("Grain references are values that can be sent and called elsewhere.")]
    [Fact]
    public async Task Reference_WhenPassedToAGrain_CanBeCalledThere()
    {
        var other = NewGrain();
        (await NewGrain().AddThroughAsync(other, 20, 22)).ShouldBe(42);
    }

    [Mirrors("AsReference makes a reference of a grain itself.")]
    [Fact]
    public async Task Reference_WhenReturnedByAGrain_IsTheGrain()
    {
        var grain = NewGrain();
        await grain.RememberAsync(5);
        var self = await grain.GetSelfAsync();
        self.ShouldBe(grain);
        (await self.RecallAsync()).ShouldBe(5);
    }

    [Mirrors("Grain references are equal by grain id; a class's id is its name in lower case without a trailing grain.")]
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

    [Mirrors("IGrainWithIntegerKey: GetPrimaryKeyLong gives back the key.")]
    [Theory]
    [InlineData(0)]
    [InlineData(26)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    public void Reference_WhenItsKeyIsAnInteger_HasThatKey(long key) =>
        fixture.Client.GetGrain<IWorkerGrain>(key).GetPrimaryKeyLong().ShouldBe(key);

    [Mirrors("RequestContext values travel with every call.")]
    [Fact]
    public async Task RequestContext_WhenSet_TravelsWithCalls()
    {
        RequestContext.Set("trace", "t-1");
        (await NewGrain().GetContextAsync("trace")).ShouldBe("t-1");
        RequestContext.Remove("trace").ShouldBeTrue();
        (await NewGrain().GetContextAsync("trace")).ShouldBeNull();
    }

    [Mirrors("A CancellationToken argument is cancelled in the grain when the caller's is, and the caller stops waiting.")]
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

    [Mirrors("Cancellation travels from grain to grain, within a silo and between silos.")]
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancellation_WhenTheCallerIsAGrain_ReachesTheOtherGrain(bool sameSilo)
    {
        var (caller, _) = await GrainPair.CreateAsync(fixture, sameSilo);
        var gate = Guid.NewGuid().ToString();
        var target = fixture.Client.GetGrain<ITurnGrain>(gate);
        using (ClusterFixture.PlaceAt(fixture.Cluster.Silos[sameSilo ? 0 : 1].SiloAddress))
            await target.CountAsync();
        (await caller.IsCancelledThroughAsync(target, gate)).ShouldBeTrue();
        await Gate.Of($"{gate}/cancelled").PassAsync();
    }

    [Mirrors("A call with a token that is cancelled already is not sent.")]
    [Fact]
    public async Task Cancellation_WhenTheTokenIsCancelledAlready_KeepsTheCallFromTheGrain()
    {
        var gate = Guid.NewGuid().ToString();
        var grain = fixture.Client.GetGrain<ITurnGrain>(gate);
        await Should.ThrowAsync<OperationCanceledException>(() => grain.WatchAsync(gate, new CancellationToken(canceled: true)));
        await grain.CountAsync();
        Gate.Of(gate).Reached.IsCompleted.ShouldBeFalse();
    }

    [Mirrors("[ResponseTimeout] ends the wait with TimeoutException; the grain's turn goes on.")]
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

    [Mirrors("GetGrain throws ArgumentException for an interface that no class implements.")]
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
