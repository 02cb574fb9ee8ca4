using Microsoft.Extensions.DependencyInjection;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Gateways;
using OrleansInference.Grains.Pipelines;

namespace OrleansInference.Grains.Tests.Cluster;

public sealed class GatewayGrainTests
{
    private static readonly AdmissionRequest Request = new(InferenceCluster.Model, PromptBytes: 400, MaximumTokens: 10);

    [Fact]
    public async Task Admit_WhenThePipelineIsReady_LeasesItsHeadUpToSlotsAndQueue()
    {
        await using var cluster = await InferenceCluster.ServeAsync([InferenceCluster.Device("a", 6), InferenceCluster.Device("b", 6)]);
        var status = await cluster.ReadyAsync();
        var gateway = cluster.Gateway();

        var first = await AdmitUntilAsync(gateway, decision => decision.Lease is not null);
        var second = await gateway.AdmitAsync(Request);
        var third = await gateway.AdmitAsync(Request);
        await gateway.ReleaseAsync(first.Lease!.Id);
        var fourth = await gateway.AdmitAsync(Request);

        first.Lease.ShouldBe(new GenerationLease(first.Lease.Id, "pebble/0", status.Epoch, status.HeadEndpoint!, PrefillChunkRows: 16));
        second.Lease.ShouldNotBeNull();
        third.Refusal!.Reason.ShouldBe(RefusalReason.QueueFull);
        third.Refusal.RetryAfterMilliseconds.ShouldBeGreaterThan(0);
        fourth.Lease.ShouldNotBeNull();
    }

    [Fact]
    public async Task Admit_WhenTheModelIsNotServed_NamesWhatIs()
    {
        await using var cluster = await InferenceCluster.ServeAsync([InferenceCluster.Device("a", 12)]);
        await cluster.ReadyAsync();

        var decision = await cluster.Gateway().AdmitAsync(Request with { Model = "llama" });

        decision.Refusal!.Reason.ShouldBe(RefusalReason.UnknownModel);
        decision.Refusal.Message.ShouldContain("pebble");
    }

    [Fact]
    public async Task Admit_WhenMemoryIsMissing_PassesTheReasonOn()
    {
        await using var cluster = await InferenceCluster.ServeAsync([InferenceCluster.Device("a", 3)]);
        await cluster.WaitingAsync("are missing");

        var decision = await AdmitUntilAsync(
            cluster.Gateway(), decision => decision.Refusal?.Message.Contains("are missing", StringComparison.Ordinal) == true);

        decision.Refusal!.Reason.ShouldBe(RefusalReason.NotReady);
    }

    [Fact]
    public async Task Gateway_WhenTheClusterGrainMoves_GoesOnAdmitting()
    {
        await using var cluster = await InferenceCluster.StartAsync(
            [InferenceCluster.Device("a", 12), InferenceCluster.Device("b", 4), InferenceCluster.Device("c", 4)],
            services => services.Configure<AdmissionOptions>(options => (options.RefreshMilliseconds, options.StaleSeconds) = (20, 60)));
        await cluster.PlaceAsync("c", () => cluster.Grain.GetDevicesAsync());
        await cluster.PlaceAsync("b", () => cluster.Pipeline().GetStatusAsync());
        await cluster.RegisterAsync();
        await cluster.DeployAsync();
        await cluster.ReadyAsync();
        cluster.HasHosted<ClusterGrain>("c").ShouldBeTrue();
        var gateway = cluster.Gateway();
        await ReleaseAsync(gateway, await AdmitUntilAsync(gateway, decision => decision.Lease is not null));
        var refusals = new List<string>();

        await cluster.KillAsync("c");
        await InferenceCluster.UntilAsync(
            async () =>
            {
                var decision = await gateway.AdmitAsync(Request);
                await ReleaseAsync(gateway, decision);
                if (decision.Refusal is { } refusal)
                    refusals.Add(refusal.Message);
                return await cluster.Grain.GetTopologyAsync();
            },
            topology => topology is { IsSettled: true, Devices.Length: 2, Pipelines: [{ State: PipelineState.Ready }] },
            "the new cluster grain to know all");

        refusals.ShouldBeEmpty();
    }

    private static Task ReleaseAsync(IGatewayGrain gateway, AdmissionDecision decision) =>
        decision.Lease is { } lease ? gateway.ReleaseAsync(lease.Id) : Task.CompletedTask;

    private static Task<AdmissionDecision> AdmitUntilAsync(IGatewayGrain gateway, Func<AdmissionDecision, bool> condition) =>
        InferenceCluster.UntilAsync<AdmissionDecision>(async () => await gateway.AdmitAsync(Request), condition, "a decision");
}
