using System.Collections.Concurrent;
using Orleans.Metadata;
using Orleans.Runtime;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Calls;

/// <summary>Finds the grain class of an interface among the classes of all members.</summary>
internal sealed class GrainTypeResolver(GrainManifest manifest, IClusterMembership membership)
{
    private readonly ConcurrentDictionary<(Type, string?), GrainType> _resolved = new();

    /// <param name="prefix">How the full name of the class starts, where several implement the interface.</param>
    /// <exception cref="ArgumentException">No class implements the interface, or several do.</exception>
    public GrainType Resolve(Type interfaceType, string? prefix) =>
        _resolved.GetOrAdd((interfaceType, prefix), static (key, resolver) => resolver.Find(key.Item1, key.Item2), this);

    private GrainType Find(Type interfaceType, string? prefix)
    {
        var name = GrainAssemblies.NameOf(interfaceType);
        var candidates = manifest.Descriptions
            .Concat(membership.Members.Values.Select(member => member.Profile.Grains).Distinct().SelectMany(grains => grains))
            .Where(grain => grain.Value.Interfaces.Contains(name))
            .Where(grain => prefix is null || NameOf(grain.Value).StartsWith(prefix, StringComparison.Ordinal))
            .DistinctBy(grain => grain.Key)
            .ToList();
        if (candidates.Count == 0)
            throw new ArgumentException($"Could not find an implementation for interface {interfaceType}.");

        // As in Orleans: of several classes, IThing means Thing.
        var named = candidates.FindAll(grain => interfaceType.Name[1..] == grain.Value.Properties[WellKnownGrainTypeProperties.TypeName]);
        var found = candidates.Count > 1 && prefix is null ? named : candidates;
        return found.Count == 1
            ? GrainType.Create(found[0].Key)
            : throw new ArgumentException(
                $"Unable to identify a single appropriate grain type for interface {interfaceType}. "
                + $"Candidates: {string.Join(", ", candidates.Select(grain => $"{grain.Key} ({NameOf(grain.Value)})"))}");
    }

    private static string NameOf(GrainDescription grain) => grain.Properties[WellKnownGrainTypeProperties.FullTypeName];
}
