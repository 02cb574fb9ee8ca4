using Microsoft.Extensions.Hosting;
using Orleans.Hosting;

namespace Orleans.TestingHost;

/// <summary>Configures a cluster of several silos in this process.</summary>
public sealed class InProcessTestClusterBuilder(short initialSilosCount)
{
    public InProcessTestClusterOptions Options { get; } = new() { InitialSilosCount = initialSilosCount };

    public InProcessTestClusterBuilder ConfigureHost(Action<IHostApplicationBuilder> configureDelegate)
    {
        Options.SiloHostConfigurationDelegates.Add((_, host) => configureDelegate(host));
        Options.ClientHostConfigurationDelegates.Add(configureDelegate);
        return this;
    }

    public InProcessTestClusterBuilder ConfigureSilo(Action<InProcessTestSiloSpecificOptions, ISiloBuilder> configureSiloDelegate)
    {
        Options.SiloHostConfigurationDelegates.Add((options, host) => host.UseOrleans(silo => configureSiloDelegate(options, silo)));
        return this;
    }

    public InProcessTestCluster Build() => new(Options);
}
