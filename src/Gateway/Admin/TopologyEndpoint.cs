using OrleansInference.Gateway.Clusters;
using OrleansInference.Gateway.Generation;
using OrleansInference.Gateway.Health;
using OrleansInference.Gateway.Heads;
using OrleansInference.Gateway.OpenAI;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Pipelines;
using OrleansInference.Grains.Shards;

namespace OrleansInference.Gateway.Admin;

/// <summary>GET /admin/topology: who holds what, for operators.</summary>
internal static class TopologyEndpoint
{
    public static async Task<IResult> GetAsync(IClusterView cluster, GenerationGate gate, HeadClient heads)
    {
        var topology = await cluster.GetTopologyAsync();
        var silos = topology.Devices.ToDictionary(report => report.Registration.Profile.Name, report => report.Registration.SiloName);
        return TypedResults.Json(
            new Topology(
                [.. topology.Devices.Select(SiloOf)],
                [.. topology.Deployments.Select(deployment => ModelOf(deployment, topology))],
                [.. topology.Pipelines.Select(pipeline => PipelineOf(pipeline, silos))],
                new(gate.InFlightCount, gate.WaitingCount, heads.WaitingCount, heads.RunningCount, heads.ConnectionCount)),
            WireJson.Readable.Topology);
    }

    private static SiloTopology SiloOf(DeviceReport report)
    {
        var (profile, readings) = (report.Registration.Profile, report.Readings);
        return new(
            report.Registration.SiloName, report.Registration.ProcessId,
            new(profile.Name, profile.Class, profile.Zone, profile.Threads, profile.Accelerator, profile.BandwidthGigabytesPerSecond),
            new(profile.MemoryBytes, readings.ResidentBytes, readings.AvailableBytes),
            readings.ProcessorLoad, report.Registration.DataPlaneEndpoint, readings.At);
    }

    private static ModelTopology ModelOf(ModelDeployment deployment, ClusterTopology topology)
    {
        var readiness = ReadinessPolicy.Of(deployment.Model, topology);
        return new(
            deployment.Model, deployment.Replicas, deployment.SlotCount, deployment.ContextLength, deployment.MaximumBatchRows,
            deployment.QueueLength, readiness.Ready, readiness.LoadProgress);
    }

    private static PipelineTopology PipelineOf(PipelineStatus pipeline, Dictionary<string, string> silos) => new(
        pipeline.Specification.Pipeline, pipeline.Specification.Model, pipeline.Epoch, NameOf(pipeline.State), pipeline.Reason,
        pipeline.LoadProgress, pipeline.ContextLength, pipeline.HeadEndpoint, [.. pipeline.Stages.Select(stage => StageOf(stage, silos))]);

    private static StageTopology StageOf(StageStatus stage, Dictionary<string, string> silos) => new(
        stage.Stage, silos.GetValueOrDefault(stage.Device), stage.Device, stage.ProcessId, new(stage.FirstLayer, stage.EndLayer),
        NameOf(stage.State), stage.LoadProgress, stage.MappedBytes, stage.KvBytes);

    private static string NameOf<T>(T state) where T : struct, Enum => state.ToString().ToLowerInvariant();
}
