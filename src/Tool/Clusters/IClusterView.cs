namespace OrleansInference.Tool.Clusters;

/// <summary>How people see a cluster that runs: a table that is redrawn, or lines.</summary>
internal interface IClusterView
{
    /// <summary>Shows a line, at any time and from any thread.</summary>
    void Report(string line);

    /// <summary>Shows the snapshots as they come, and once, when the cluster is ready for the first time, the welcome.</summary>
    Task FollowAsync(IAsyncEnumerable<ClusterSnapshot> snapshots, IReadOnlyList<string> welcome);
}
