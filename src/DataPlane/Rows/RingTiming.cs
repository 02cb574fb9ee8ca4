namespace OrleansInference.DataPlane.Rows;

/// <summary>How long the stages that a batch has passed so far took to compute it, waiting and sending left out.</summary>
/// <param name="SlowestMicroseconds">The stage that took longest.</param>
/// <param name="TotalMicroseconds">All stages together.</param>
/// <param name="IsAlone">Whether no other batch was under way when it left the head, so that the stages compute it in turn.</param>
public readonly record struct RingTiming(int SlowestMicroseconds, int TotalMicroseconds, bool IsAlone = false)
{
    /// <summary>With one more stage; a total that no longer fits stays at the largest number.</summary>
    public RingTiming Then(int stageMicroseconds) => this with
    {
        SlowestMicroseconds = Math.Max(SlowestMicroseconds, stageMicroseconds),
        TotalMicroseconds = (int)Math.Min((long)TotalMicroseconds + stageMicroseconds, int.MaxValue),
    };
}
