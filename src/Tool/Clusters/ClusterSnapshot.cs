using OrleansInference.Tool.Supervision;

namespace OrleansInference.Tool.Clusters;

/// <param name="Topology">Null while the gateway does not answer.</param>
internal sealed record ClusterSnapshot(IReadOnlyList<ProcessStatus> Processes, ClusterTopology? Topology, bool HasBeenReady);
