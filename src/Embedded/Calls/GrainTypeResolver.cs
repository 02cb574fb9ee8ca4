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
    public GrainType Resolve(Type interfaceType, string? prefix)
    {
        if (_resolved.TryGetValue((interfaceType, prefix), out var known))
            return known;
        var name = GrainAssemblies.NameOf(interfaceType);
        var candidates = manifest.Descriptions
            .Concat(membership.Members.Values.Select(member => member.Profile.Grains).Distinct().SelectMany(grains => grains))
            .Where(grain => grain.Value.Interfaces.Contains(name))
            .Where(grain => prefix is null || NameOf(grain.Value).StartsWith(prefix, StringComparison.Ordinal))
            .DistinctBy(grain => grain.Key)
            .ToList();
        var found = candidates.Count > 1 && prefix is null
            ? candidates.FindAll(grain => IsNamedAfter(interfaceType, grain.Value))
            : candidates;
        var type = found switch
        {
            [var only] => GrainType.Create(only.Key),
            _ when candidates.Count == 0 => throw new ArgumentException($"Could not find an implementation for interface {interfaceType}."),
            _ => throw new ArgumentException(
                $"Unable to identify a single appropriate grain type for interface {interfaceType}. "
                + $"Candidates: {string.Join(", ", candidates.Select(grain => $"{grain.Key} ({NameOf(grain.Value)})"))}"),
        };
        return _resolved.GetOrAdd((interfaceType, prefix), type);
    }

    private static string NameOf(GrainDescription grain) => grain.Properties[WellKnownGrainTypeProperties.FullTypeName];

    // As in Orleans: of several classes, IThing means Thing.
    private static bool IsNamedAfter(Type interfaceType, GrainDescription grain) =>
        interfaceType.Name[1..] == grain.Properties[WellKnownGrainTypeProperties.TypeName];
}
