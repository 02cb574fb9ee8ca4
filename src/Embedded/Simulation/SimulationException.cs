namespace OrleansInference.Embedded.Simulation;

/// <summary>A simulation has failed; the message says what was found.</summary>
internal class SimulationException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Something does not hold that must always hold.</summary>
internal sealed class InvariantViolationException(string invariant, string message) : SimulationException($"{invariant}: {message}")
{
    public string Invariant { get; } = invariant;
}
