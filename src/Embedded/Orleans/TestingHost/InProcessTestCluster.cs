using System.Collections.ObjectModel;
using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>Several silos in this process.</summary>
public sealed class InProcessTestCluster : IDisposable, IAsyncDisposable
{
    internal InProcessTestCluster(InProcessTestClusterOptions options) => Options = options;

    public InProcessTestClusterOptions Options { get; }

    public IClusterClient Client => throw new NotImplementedException();

    public ReadOnlyCollection<InProcessSiloHandle> Silos => throw new NotImplementedException();

    public Task DeployAsync() => throw new NotImplementedException();

    public IEnumerable<InProcessSiloHandle> GetActiveSilos() => Silos.Where(silo => silo.IsActive);

    public InProcessSiloHandle? GetSiloForAddress(SiloAddress siloAddress) =>
        Silos.FirstOrDefault(silo => silo.SiloAddress.Equals(siloAddress));

    public IServiceProvider GetSiloServiceProvider(SiloAddress? silo = null) => throw new NotImplementedException();

    public Task<InProcessSiloHandle> StartAdditionalSiloAsync() => throw new NotImplementedException();

    public Task StopSiloAsync(InProcessSiloHandle instance) => throw new NotImplementedException();

    public Task KillSiloAsync(InProcessSiloHandle instance) => throw new NotImplementedException();

    public Task StopAllSilosAsync() => throw new NotImplementedException();

    public Task WaitForLivenessToStabilizeAsync(bool didKill = false) => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
