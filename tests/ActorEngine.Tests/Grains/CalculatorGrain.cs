using System.Collections.Immutable;
using Orleans;
using Orleans.Placement;
using Orleans.Runtime;

namespace OrleansInference.ActorEngine.Tests.Grains;

[RandomPlacement]
public sealed class CalculatorGrain(ILocalSiloDetails silo) : Grain, ICalculatorGrain
{
    public static readonly Label Shared = new() { Text = "shared" };

    private Order _held = new();
    private int _remembered;

    public Task<int> AddAsync(int left, int right) => Task.FromResult(left + right);

    public ValueTask<int> MultiplyAsync(int left, int right) => new(left * right);

    public ValueTask RememberAsync(int value)
    {
        _remembered = value;
        return default;
    }

    public Task<int> RecallAsync() => Task.FromResult(_remembered);

    public Task RememberLaterAsync(int value)
    {
        _remembered = value;
        return Task.CompletedTask;
    }

    public async Task FailAsync(string kind, string message)
    {
        await Task.Yield();
        throw kind switch
        {
            "order" => new OrderRefusedException(message, code: 7),
            "unmarked" => new UnmarkedException(message),
            "nested" => new InvalidOperationException(message, new ArgumentException("the cause")),
            _ => new InvalidOperationException(message),
        };
    }

    public Task<Order> ChangeAsync(Order order)
    {
        order.Lines.Add("changed by the grain");
        _held = order;
        return Task.FromResult(order);
    }

    public Task<Order> GetHeldAsync() => Task.FromResult(_held);

    public Task<bool> IsSameAsync(Label label) => Task.FromResult(ReferenceEquals(label, Shared));

    public Task<ImmutableArray<Shape>> EchoShapesAsync(ImmutableArray<Shape> shapes) => Task.FromResult(shapes);

    public Task<SiloAddress> GetSiloAsync() => Task.FromResult(silo.SiloAddress);

    public Task<string?> GetContextAsync(string key) => Task.FromResult(RequestContext.Get(key) as string);

    public Task<int> AddThroughAsync(ICalculatorGrain other, int left, int right) => other.AddAsync(left, right);

    public Task<ICalculatorGrain> GetSelfAsync() => Task.FromResult(this.AsReference<ICalculatorGrain>());
}
