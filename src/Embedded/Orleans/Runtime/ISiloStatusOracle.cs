namespace Orleans.Runtime;

/// <summary>The silos of the cluster, as this silo sees them.</summary>
public interface ISiloStatusOracle
{
    SiloStatus GetApproximateSiloStatus(SiloAddress siloAddress);

    Dictionary<SiloAddress, SiloStatus> GetApproximateSiloStatuses(bool onlyActive = false);

    bool IsDeadSilo(SiloAddress silo);
}

public interface ISiloStatusListener;
