using Orleans;

namespace OrleansInference.ActorEngine.Tests.Grains;

/// <summary>Cannot work: its argument cannot be sent. No cluster has it, but that of the test which shows so.</summary>
public interface IUnsendableGrain : IGrainWithStringKey
{
    Task TakeAsync(Unsendable argument);
}

public sealed class Unsendable
{
    public int Value { get; set; }
}
