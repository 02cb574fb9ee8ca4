using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.Grains.Shards;

namespace OrleansInference.Silo.Tests.Stages;

public sealed class RingConnectionTests
{
    [Fact]
    public async Task Ring_WhenItHasOneStage_ConnectsToNobody()
    {
        // A ring that held a connection to itself would leave none for the gateway.
        var settings = new Dictionary<string, string?> { ["DataPlane:MaximumConnections"] = "1" };
        await using var ring = await TestRing.StartReadyAsync(stages: 1, settings: settings);
        await using var gateway = await ring.ConnectAsync();

        var completion = await gateway.CompleteAsync("only one stage", 6);

        GenerationTests.ShouldBeTheModels(completion, "only one stage", 6);
    }

    [Theory]
    [InlineData("DataPlane:MaximumRingFrameBytes", "1621", "is 1621 and DataPlane:MaximumBatchRows is 4096")]
    [InlineData("DataPlane:MaximumBatchRows", "63", "is 68157440 and DataPlane:MaximumBatchRows is 63")]
    public async Task Link_WhenTheLargestBatchDoesNotFitAFrame_IsRefusedOnEitherSide(string setting, string value, string bounds)
    {
        await using var ring = await TestRing.StartAsync(2, batchRows: 64, settings: new Dictionary<string, string?> { [setting] = value });
        await ring.LoadAsync(1);
        // Rows of 4 elements as F32, which take 9 bytes more each, behind 22 of the frame's own.
        var problem = "a batch of 64 rows of 4 elements as F32 takes 1622 bytes, but DataPlane:MaximumRingFrameBytes " + bounds
            + "; lower Serve:BatchRows, which is 64, or raise the bounds on every silo.";

        var linking = ring.Head.Host.LinkAsync(ring.LinkOf(0, 1), TestContext.Current.CancellationToken);
        (await Should.ThrowAsync<ShardUnavailableException>(linking)).Message
            .ShouldBe("Stage 0 of fake/0 cannot be linked to stage 1: " + problem);

        var connecting = ring.Head.Connector.ConnectAsync(
            ring.Silos[1].Endpoint, ring.Hello(ConnectionRole.Ring, stage: 0), new NoFrames(), TestContext.Current.CancellationToken);
        (await Should.ThrowAsync<DataPlaneRefusedException>(connecting)).Reason
            .ShouldBe("Stage 1 of fake/0 could not take its batches: " + problem);
    }

    [Fact]
    public async Task Link_WhenTheLargestBatchJustFitsAFrame_PassesIt()
    {
        var settings = new Dictionary<string, string?>
        {
            ["DataPlane:MaximumRingFrameBytes"] = "1622", ["DataPlane:MaximumBatchRows"] = "64",
        };
        await using var ring = await TestRing.StartReadyAsync(2, batchRows: 64, settings: settings);
        await using var gateway = await ring.ConnectAsync();
        var prompt = new string('x', 150);

        GenerationTests.ShouldBeTheModels(await gateway.CompleteAsync(prompt, 6), prompt, 6);

        ring.EngineOf(1).Batches.Max(rows => rows.Length).ShouldBe(64);
    }
}
