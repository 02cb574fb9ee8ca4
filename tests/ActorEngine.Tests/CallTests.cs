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
}
