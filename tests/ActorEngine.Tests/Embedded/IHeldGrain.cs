using Orleans;

namespace OrleansInference.ActorEngine.Tests.Embedded;

/// <summary>A grain with an answer that holds up whoever reads it.</summary>
public interface IHeldGrain : IGrainWithStringKey
{
    Task<HeldAnswer> HoldAsync();

    Task<int> AnswerAsync(string gate);
}

public sealed class HeldGrain : Grain, IHeldGrain
{
    public Task<HeldAnswer> HoldAsync() => Task.FromResult(new HeldAnswer(1));

    public async Task<int> AnswerAsync(string gate)
    {
        await Gate.Of(gate).PassAsync();
        return 2;
    }
}

[GenerateSerializer]
public sealed class HeldAnswer
{
    /// <summary>Of the connection that brings the answer: what comes after it waits.</summary>
    public HeldAnswer() => Reading.PassAsync().GetAwaiter().GetResult();

    public HeldAnswer(int value) => Value = value;

    public static Gate Reading { get; } = Gate.Of(nameof(HeldAnswer));

    [Id(0)]
    public int Value { get; set; }
}
