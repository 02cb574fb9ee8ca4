using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Gateways;
using OrleansInference.Grains.Pipelines;
using OrleansInference.Grains.Shards;
using OrleansInference.Grains.Tests.Fakes;

namespace OrleansInference.Grains.Tests.Gateways;

public sealed class AdmissionPolicyTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    private readonly LeaseBook _leases = new(TimeSpan.FromSeconds(60));

    [Fact]
    public void Choose_WhenTheModelIsUnknown_NamesWhatIsServed()
    {
        var (_, refusal) = AdmissionPolicy.Choose("llama", Topology(Ready("pebble/0")), _leases);

        refusal!.Reason.ShouldBe(RefusalReason.UnknownModel);
        refusal.Message.ShouldBe("Model llama is not served here. Served: pebble.");
    }

    [Fact]
    public void Choose_WhenTheModelLoads_TellsTheProgress()
    {
        var loading = Ready("pebble/0") with
        {
            State = PipelineState.Loading, LoadProgress = 0.4, Reason = "loads its layers", HeadEndpoint = null,
        };

        var (_, refusal) = AdmissionPolicy.Choose("pebble", Topology(loading), _leases);

        refusal!.Reason.ShouldBe(RefusalReason.NotReady);
        refusal.LoadProgress.ShouldBe(0.4);
        refusal.RetryAfterMilliseconds.ShouldBeGreaterThan(0);
        refusal.Message.ShouldBe("Model pebble is not ready: pebble/0 loads its layers.");
    }

    [Fact]
    public void Choose_WhenThePipelineIsStillUnknown_IsNotReady() =>
        AdmissionPolicy.Choose("pebble", Topology(), _leases).Refusal!.Reason.ShouldBe(RefusalReason.NotReady);

    [Fact]
    public void Choose_WhenADeviceOfTheRingHasLeft_IsNotReady()
    {
        var topology = Topology(Ready("pebble/0"));

        AdmissionPolicy.Choose("pebble", topology with { Devices = [] }, _leases).Refusal!.Reason.ShouldBe(RefusalReason.NotReady);
        AdmissionPolicy.Choose("pebble", topology, _leases).Pipeline.ShouldNotBeNull();
    }

    [Fact]
    public void Choose_WhenSlotsAndQueueAreTaken_RefusesUntilALeaseIsBack()
    {
        var topology = Topology(Ready("pebble/0"));
        var leases = Enumerable.Range(0, 5).Select(_ => _leases.Add("pebble/0", 10, Start)).ToArray();

        var refusal = AdmissionPolicy.Choose("pebble", topology, _leases).Refusal!;
        refusal.Reason.ShouldBe(RefusalReason.QueueFull);
        refusal.Message.ShouldContain("5 requests");
        _leases.Remove(leases[0], Start.AddSeconds(20));
        AdmissionPolicy.Choose("pebble", topology, _leases).Pipeline.ShouldNotBeNull();
    }

    [Fact]
    public void Choose_WhenTheQueueIsFull_EstimatesTheWaitFromRecentLeases()
    {
        var topology = Topology(Ready("pebble/0"));
        _leases.Remove(_leases.Add("pebble/0", 10, Start), Start.AddSeconds(20));
        for (var count = 0; count < 5; count++)
            _leases.Add("pebble/0", 10, Start);

        // 20 s a request over 2 slots.
        AdmissionPolicy.Choose("pebble", topology, _leases).Refusal!.RetryAfterMilliseconds.ShouldBe(10_000);
    }

    [Fact]
    public void Choose_WhenThereAreReplicas_TakesTheOneWithTheFewestLeasesThenTheLeastWork()
    {
        var topology = Topology(Ready("pebble/0"), Ready("pebble/1"));
        _leases.Add("pebble/0", 1, Start);
        AdmissionPolicy.Choose("pebble", topology, _leases).Pipeline!.Specification.Pipeline.ShouldBe("pebble/1");

        _leases.Add("pebble/1", 100, Start);
        AdmissionPolicy.Choose("pebble", topology, _leases).Pipeline!.Specification.Pipeline.ShouldBe("pebble/0");
    }

    [Fact]
    public void LeaseBook_WhenALeaseIsTooOld_ForgetsIt()
    {
        var lease = _leases.Add("pebble/0", 10, Start);
        _leases.RemoveExpired(Start.AddSeconds(59));
        _leases.Count("pebble/0").ShouldBe(1);
        _leases.RemoveExpired(Start.AddSeconds(60));
        _leases.Count("pebble/0").ShouldBe(0);
        Should.NotThrow(() => _leases.Remove(lease, Start.AddSeconds(61)));
        _leases.UsualDuration.ShouldBe(TimeSpan.Zero);
    }

    private static ClusterTopology Topology(params PipelineStatus[] pipelines) => new(
        [Silos.Report(1, Silos.Profile("box"))],
        [new ModelDeployment("pebble", 2, SlotCount: 2, ContextLength: 0, MaximumBatchRows: 32, QueueLength: 3)], [.. pipelines]);

    private static PipelineStatus Ready(string pipeline) => new(
        new PipelineSpecification(pipeline, "pebble", SlotCount: 2, ContextLength: 0, MaximumBatchRows: 32, QueueLength: 3), 1,
        PipelineState.Ready, [new StageStatus(0, 0, 4, "box", 1, ShardState.Linked, 1, 10, 10)], "127.0.0.1:1", 128, 1, null);
}
