namespace OrleansInference.Cluster.Tests.Processes;

/// <summary>One cluster of three silos for all tests that leave it as it is.</summary>
public sealed class ThreeSiloFixture : IAsyncLifetime
{
    internal ClusterProcess Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cluster = await ClusterProcess.StartAsync(ClusterSettings.ThreeSilos);

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}
