using System.Collections.Immutable;

namespace OrleansInference.Embedded.Manifest;

/// <summary>A grain class as other silos need to know it.</summary>
/// <param name="Interfaces">Names of the grain interfaces that it implements.</param>
/// <param name="Properties">What its attributes say, as placement needs it.</param>
internal sealed record GrainDescription(ImmutableArray<string> Interfaces, ImmutableDictionary<string, string> Properties);
