using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Simulation;

/// <summary>What all silos of all simulations of this process share because it never changes: what grains there are, and how they are sent.</summary>
internal sealed class SharedEngine
{
    private static readonly Lazy<FoundGrains> Grains = new(FindGrains);

    private readonly GrainCollectionOptions _collection;
    private readonly GrainManifest _manifest;

    /// <param name="collectionAge">How long an activation may be idle.</param>
    public SharedEngine(TimeSpan collectionAge)
    {
        _collection = new GrainCollectionOptions { CollectionAge = collectionAge, CollectionQuantum = collectionAge / 4 };
        _manifest = new GrainManifest(
            Grains.Value.Assemblies, Grains.Value.Types, Grains.Value.Serializer, new ServiceCollection().BuildServiceProvider());
    }

    internal void AddTo(IServiceCollection services)
    {
        services.AddSingleton(_manifest);
        services.AddSingleton(Grains.Value.Assemblies);
        services.AddSingleton(Grains.Value.Serializer);
        services.AddSingleton(Options.Create(_collection));
    }

    private static FoundGrains FindGrains()
    {
        var assemblies = new GrainAssemblies();
        var types = new GrainTypeOptions();
        assemblies.Configure(types);
        return new FoundGrains(assemblies, Options.Create(types), new MessageSerializer(assemblies.Serializable));
    }

    private sealed record FoundGrains(GrainAssemblies Assemblies, IOptions<GrainTypeOptions> Types, MessageSerializer Serializer);
}
