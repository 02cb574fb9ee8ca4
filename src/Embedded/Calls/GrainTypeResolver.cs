using System.Collections.Concurrent;
using Orleans.Runtime;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Calls;

/// <summary>Finds the grain class of an interface among the classes of all members.</summary>
internal sealed class GrainTypeResolver(GrainManifest manifest, IClusterMembership membership)
{
    private readonly ConcurrentDictionary<(Type, string?), GrainType> _resolved = new();

    /// <exception cref="ArgumentException">No class implements the interface, or several do.</exception>
    public GrainType Resolve(Type interfaceType, string? prefix)
    {
        if (_resolved.TryGetValue((interfaceType, prefix), out var known))
            return known;
        var name = CodecProvider.NameOf(interfaceType);
        var candidates = manifest.Descriptions
            .Concat(membership.Members.Values.SelectMany(member => member.Profile.Grains))
            .Where(grain => grain.Value.Interfaces.Contains(name)
                && (prefix is null || grain.Key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))
            .Select(grain => grain.Key)
            .Distinct()
            .ToList();
        var type = candidates switch
        {
            [var only] => GrainType.Create(only),
            [] => throw new ArgumentException($"Could not find an implementation for interface {interfaceType}."),
            _ => throw new ArgumentException(
                $"Several grain classes implement {interfaceType}: {string.Join(", ", candidates)}. Say which with a class name prefix."),
        };
        return _resolved.GetOrAdd((interfaceType, prefix), type);
    }
}
