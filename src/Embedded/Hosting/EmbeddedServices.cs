using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using OrleansInference.Embedded.Activations;
using OrleansInference.Embedded.Calls;
using OrleansInference.Embedded.Directory;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Placement;
using OrleansInference.Embedded.Serialization;
using OrleansInference.Embedded.Transport;

namespace OrleansInference.Embedded.Hosting;

/// <summary>The parts of the engine among the services of a host.</summary>
internal static class EmbeddedServices
{
    public static ISiloBuilder AddTo(IServiceCollection services, IConfiguration configuration)
    {
        if (services.FirstOrDefault(service => service.ServiceType == typeof(ISiloBuilder))?.ImplementationInstance is ISiloBuilder known)
            return known;
        var builder = new SiloBuilder(services, configuration);
        services.AddSingleton<ISiloBuilder>(builder);
        AddOptions(services);
        AddSeams(services);
        AddEngine(services);
        AddOrleansServices(services);
        services.AddPlacementDirector<RandomPlacement, DefaultPlacementDirector>();
        services.AddPlacementDirector<PreferLocalPlacement, DefaultPlacementDirector>();
        services.AddPlacementDirector<StatelessWorkerPlacement, DefaultPlacementDirector>();
        return builder;
    }

    private static void AddOptions(IServiceCollection services)
    {
        services.AddOptions<EmbeddedClusterOptions>()
            .BindConfiguration(EmbeddedClusterOptions.Section)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.AddOptions<GrainCollectionOptions>()
            .Validate(collection => collection.CollectionQuantum > TimeSpan.Zero, "CollectionQuantum must be more than zero.")
            .Validate(
                collection => collection.CollectionAge > collection.CollectionQuantum, "CollectionAge must be more than CollectionQuantum.")
            .ValidateOnStart();
        services.AddSingleton<GrainAssemblies>();
        services.AddSingleton<IConfigureOptions<GrainTypeOptions>>(provider => provider.GetRequiredService<GrainAssemblies>());
    }

    /// <summary>What simulation replaces.</summary>
    private static void AddSeams(IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(TaskScheduler.Default);
        services.TryAddSingleton<IClusterMembership, FolderMembership>();
        services.TryAddSingleton<IActivationDirectory, FolderActivationDirectory>();
        services.TryAddSingleton<ITransport, UnixSocketTransport>();
        services.TryAddKeyedSingleton(DefaultPlacementDirector.RandomKey, Random.Shared);
    }

    private static void AddEngine(IServiceCollection services)
    {
        services.AddSingleton(provider => new MessageSerializer(provider.GetRequiredService<GrainAssemblies>().Serializable));
        services.AddSingleton<GrainManifest>();
        services.AddSingleton<GrainReferenceRuntime>();
        services.AddSingleton<PlacementService>();
        services.AddSingleton<ActivationHost>();
        services.AddSingleton<ActivationCatalog>();
        services.AddSingleton<CallCodec>();
        services.AddSingleton<CallRouter>();
        services.AddSingleton<CallReceiver>();
        services.AddSingleton<SiloPeers>();
        services.AddHostedService<EmbeddedSilo>();
    }

    private static void AddOrleansServices(IServiceCollection services)
    {
        services.AddSingleton<IGrainFactory>(provider => provider.GetRequiredService<GrainReferenceRuntime>());
        services.AddSingleton<IClusterClient>(provider => provider.GetRequiredService<GrainReferenceRuntime>());
        services.AddSingleton<SiloStatusOracle>();
        services.AddSingleton<ISiloStatusOracle>(provider => provider.GetRequiredService<SiloStatusOracle>());
        services.AddSingleton<ISiloMetadataCache>(provider => provider.GetRequiredService<SiloStatusOracle>());
        services.AddSingleton<ILocalSiloDetails>(provider => provider.GetRequiredService<SiloStatusOracle>());
    }

    private sealed record SiloBuilder(IServiceCollection Services, IConfiguration Configuration) : ISiloBuilder;
}
