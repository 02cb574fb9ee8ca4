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
}
