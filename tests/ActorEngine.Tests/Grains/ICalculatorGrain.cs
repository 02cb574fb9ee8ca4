using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace OrleansInference.ActorEngine.Tests.Grains;

/// <summary>Methods of every shape that a grain can have.</summary>
public interface ICalculatorGrain : IGrainWithStringKey
{
    Task<int> AddAsync(int left, int right);

    ValueTask<int> MultiplyAsync(int left, int right);

    ValueTask RememberAsync(int value);

    Task<int> RecallAsync();

    [OneWay]
    Task RememberLaterAsync(int value);

    Task FailAsync(string kind, string message);

    Task<Order> ChangeAsync(Order order);

    Task<Order> GetHeldAsync();

    Task<bool> IsSameAsync(Label label);

    Task<ImmutableArray<Shape>> EchoShapesAsync(ImmutableArray<Shape> shapes);

    Task<SiloAddress> GetSiloAsync();

    Task<string?> GetContextAsync(string key);

    Task<int> AddThroughAsync(ICalculatorGrain other, int left, int right);

    Task<ICalculatorGrain> GetSelfAsync();
}

[GenerateSerializer]
public sealed class Order
{
    [Id(0)]
    public List<string> Lines { get; set; } = [];

    [Id(1)]
    public Order? Next { get; set; }
}

/// <summary>Passed to grains of the same silo as the very same instance.</summary>
[GenerateSerializer, Immutable]
public sealed class Label
{
    [Id(0)]
    public string Text { get; init; } = "";
}

[GenerateSerializer]
public abstract record Shape(string Name);

[GenerateSerializer]
public sealed record Circle(string Name, double Radius) : Shape(Name);

[GenerateSerializer]
public sealed record Rectangle(string Name, double Width, double Height) : Shape(Name);

[GenerateSerializer]
public sealed class OrderRefusedException(string message, int code) : Exception(message)
{
    [Id(0)]
    public int Code { get; } = code;
}

/// <summary>Not marked for sending, as exceptions of libraries are not.</summary>
public sealed class UnmarkedException(string message) : Exception(message);
