using Microsoft.Extensions.Options;
using Orleans.Configuration;
using OrleansInference.Embedded.Storage;

namespace Orleans.Hosting;

public static class MemoryGrainStorageSiloBuilderExtensions
{
    /// <summary>Grain storage in the memory of the cluster's silos: gone with them.</summary>
    public static ISiloBuilder AddMemoryGrainStorage(
        this ISiloBuilder builder, string name, Action<OptionsBuilder<MemoryGrainStorageOptions>>? configureOptions = null) =>
        builder.ConfigureServices(services => MemoryGrainStorage.AddTo(services, name, configureOptions));
}
