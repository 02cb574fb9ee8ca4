using System.ClientModel;
using OrleansInference.Cluster.Tests.Processes;

namespace OrleansInference.Cluster.Tests;

/// <summary>A store with several versions of a model, of which one is served.</summary>
public sealed class ModelVersionTests
{
    [Fact]
    public async Task Up_WhenOneOfTwoVersionsIsNamed_ServesItUnderNameAndVersion()
    {
        await using var cluster = await ClusterProcess.StartAsync(
            ClusterSettings.ThreeSilos with { Versions = ["1", "2"], MoreArguments = ["--model", "pebble@2"] });

        (await cluster.CreateChatClient("pebble@2").AskAsync("What is 7 plus 8?")).ShouldContain("15");
        (await cluster.GetTopologyAsync()).Pipelines.ShouldHaveSingleItem().Name.ShouldBe("pebble@2/0");
        using var client = cluster.CreateHttpClient();
        (await client.GetStringAsync("/v1/models/pebble@2", TestContext.Current.CancellationToken)).ShouldContain("\"id\":\"pebble@2\"");
        (await Should.ThrowAsync<ClientResultException>(cluster.CreateChatClient("pebble@1").AskAsync("What is 7 plus 8?"))).Status.ShouldBe(404);
    }
}
