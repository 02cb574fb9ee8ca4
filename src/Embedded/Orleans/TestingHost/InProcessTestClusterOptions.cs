using Microsoft.Extensions.Hosting;

namespace Orleans.TestingHost;

public sealed class InProcessTestClusterOptions
{
    public short InitialSilosCount { get; set; }

    public bool InitializeClientOnDeploy { get; set; } = true;

    public List<Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder>> SiloHostConfigurationDelegates { get; } = [];

    public List<Action<IHostApplicationBuilder>> ClientHostConfigurationDelegates { get; } = [];
}

public sealed class InProcessTestSiloSpecificOptions
{
    public string SiloName { get; set; } = null!;
}
