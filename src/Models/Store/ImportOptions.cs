namespace OrleansInference.Models.Store;

/// <summary>How a model is to be known in the store.</summary>
public sealed record ImportOptions
{
    /// <summary>Name in the store: letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 100.</summary>
    public required string Name { get; init; }

    /// <summary>Version in the store; same rule as the name.</summary>
    public string Version { get; init; } = "1";

    /// <summary>Licence; default: what the file says in general.license.</summary>
    public string? Licence { get; init; }

    /// <summary>
    /// Where the model comes from, in words or as an address; default: what the file says in general.source.url or general.url.
    /// </summary>
    public string? Provenance { get; init; }
}
