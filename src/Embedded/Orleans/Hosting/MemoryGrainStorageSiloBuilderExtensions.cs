using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Storage;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Storage;

namespace Orleans.Hosting;

public static class MemoryGrainStorageSiloBuilderExtensions
{
    /// <summary>Grain storage for as long as the cluster lasts. It is a folder of the cluster's, which the first silo to join empties.</summary>
    public static ISiloBuilder AddMemoryGrainStorage(this ISiloBuilder builder, string name) =>
        builder.ConfigureServices(services => services.AddKeyedSingleton<IGrainStorage>(name, (provider, _) =>
        {
            var cluster = ClusterFolder.Open(provider.GetRequiredService<IOptions<EmbeddedClusterOptions>>().Value.Folder);
            return ActivatorUtilities.CreateInstance<FileGrainStorage>(provider, Path.Combine(cluster.Grains, name));
        }));
}
