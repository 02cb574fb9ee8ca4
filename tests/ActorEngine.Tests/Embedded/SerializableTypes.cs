using Orleans;
using OrleansInference.ActorEngine.Tests.Grains;

namespace OrleansInference.ActorEngine.Tests.Embedded;

[GenerateSerializer]
public sealed class Everything
{
    [Id(0)]
    public int Number { get; set; }

    [Id(1)]
    public string? Text { get; set; }

    [Id(2)]
    public byte[]? Bytes { get; set; }

    [Id(3)]
    public IReadOnlyList<double>? List { get; set; }

    [Id(4)]
    public Dictionary<int, Guid>? Map { get; set; }

    [Id(5)]
    public DateTimeOffset When { get; set; }

    [Id(6)]
    public long? Maybe { get; set; }

    [Id(7)]
    public Point[] Points { get; set; } = [];

    [Id(8)]
    public Shape? Shape { get; set; }

    [Id(9)]
    public object? Any { get; set; }

    [Id(10)]
    public Everything? Next { get; set; }

    public int Computed => Number + 1;
}

public enum ShapeKind
{
    Square,
    Round,
}

public enum BigKind : ulong
{
    First,
    Last = ulong.MaxValue,
}

[GenerateSerializer]
public readonly record struct Point(int X, int Y);

[GenerateSerializer, Immutable]
public readonly record struct Reading(DateTimeOffset At, long ResidentBytes, long AvailableBytes, double ProcessorLoad);

[GenerateSerializer]
public sealed record Mixed(string Positional, int Number)
{
    [Id(0)]
    public string? Extra { get; init; }
}

[GenerateSerializer]
public sealed class Node
{
    [Id(0)]
    public string Name { get; set; } = "";

    [Id(1)]
    public Node? Parent { get; set; }

    [Id(2)]
    public List<Node> Children { get; set; } = [];
}

public class Unmarked
{
    public int Value { get; set; }
}

[GenerateSerializer]
public sealed class DerivedFromUnmarked : Unmarked
{
    [Id(0)]
    public int Other { get; set; }
}

[GenerateSerializer]
public sealed class WithoutId
{
    [Id(0)]
    public int Known { get; set; }

    public int Forgotten { get; set; }
}

[GenerateSerializer]
public sealed class SameIds
{
    [Id(1)]
    public int One { get; set; }

    [Id(1)]
    public int Two { get; set; }
}

[GenerateSerializer]
public sealed class WithBadMember
{
    [Id(0)]
    public Stream? Inner { get; set; }
}
