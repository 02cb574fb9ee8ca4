namespace OrleansInference.Simulation.Tests.Stages;

/// <summary>Faults of the simulated silos themselves, planted to see that the checks find them.</summary>
internal sealed record Defects
{
    /// <summary>Stages keep their ring, and take its frames, when they are assigned a new epoch.</summary>
    public bool KeepsOldRing { get; init; }

    /// <summary>Stages take an assignment of an epoch that is over.</summary>
    public bool TakesOldAssignments { get; init; }

    /// <summary>Heads take requests with leases of an epoch that is over.</summary>
    public bool TakesOldLeases { get; init; }

    /// <summary>Heads say that their ring is proven without sending a token round.</summary>
    public bool SkipsProof { get; init; }

    /// <summary>Unloading frees no memory.</summary>
    public bool LeaksMemory { get; init; }

    /// <summary>Heads forget every seventh request.</summary>
    public bool ForgetsRequests { get; init; }

    /// <summary>Heads send every fifth token twice.</summary>
    public bool RepeatsTokens { get; init; }

    /// <summary>Rings break for no reason after half a minute.</summary>
    public bool BreaksRings { get; init; }
}
