using System.Collections.Immutable;

namespace Orleans.Runtime.MembershipService.SiloMetadata;

/// <summary>Labels of a silo.</summary>
[GenerateSerializer]
[Alias("Orleans.Runtime.MembershipService.SiloMetadata.SiloMetadata")]
public record SiloMetadata
{
    public static SiloMetadata Empty { get; } = new();

    public SiloMetadata()
    {
    }

    internal SiloMetadata(ImmutableDictionary<string, string> metadata) => Metadata = metadata;

    [Id(0)]
    public ImmutableDictionary<string, string> Metadata { get; private set; } = ImmutableDictionary<string, string>.Empty;

    internal void AddMetadata(IEnumerable<KeyValuePair<string, string>> metadata) => Metadata = Metadata.SetItems(metadata);
}

/// <summary>The labels of the silos that are members.</summary>
public interface ISiloMetadataCache
{
    /// <summary>A silo's labels; empty for a silo that is not known.</summary>
    SiloMetadata GetSiloMetadata(SiloAddress siloAddress);
}
