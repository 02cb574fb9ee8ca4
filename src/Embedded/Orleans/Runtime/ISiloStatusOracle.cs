namespace Orleans.Runtime;

/// <summary>The silos of the cluster, as this silo sees them.</summary>
public interface ISiloStatusOracle
{
    SiloStatus GetApproximateSiloStatus(SiloAddress siloAddress);

    Dictionary<SiloAddress, SiloStatus> GetApproximateSiloStatuses(bool onlyActive = false);

    bool IsDeadSilo(SiloAddress silo);
}

/// <summary>Named by the oracle of whoever follows Microsoft Orleans; nothing is told to it here.</summary>
public interface ISiloStatusListener;
