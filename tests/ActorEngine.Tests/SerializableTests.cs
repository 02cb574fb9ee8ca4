using Microsoft.Extensions.Hosting;
using Orleans.Runtime;
using OrleansInference.ActorEngine.Tests.Grains;

namespace OrleansInference.ActorEngine.Tests;

public sealed class SerializableTests
{
    [Mirrors("SerializerConfigurationValidator: a host (of a developer, in Orleans) does not start, and names type and interface.")]
    [Fact]
    public async Task Interface_WhenATypeInItCannotBeSent_IsRefusedAtStartByName()
    {
        await using var cluster = ClusterFixture.Build(1, withUnsendable: true);
        var exception = await Should.ThrowAsync<OrleansConfigurationException>(cluster.DeployAsync);
        exception.Message.ShouldContain(nameof(Unsendable));
        exception.Message.ShouldContain(nameof(IUnsendableGrain));
    }
}
