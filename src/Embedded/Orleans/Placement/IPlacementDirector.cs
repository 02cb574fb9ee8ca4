namespace Orleans.Runtime.Placement;

/// <summary>Chooses the silo of a new activation. Runs on the silo that calls the grain.</summary>
public interface IPlacementDirector
{
    /// <summary>Key of the <see cref="RequestContext"/> under which a caller names the silo it would like.</summary>
    public const string PlacementHintKey = nameof(PlacementHintKey);

    Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context);

    /// <summary>The silo that the caller would like, if it is among the compatible ones.</summary>
    public static SiloAddress? GetPlacementHint(Dictionary<string, object> requestContextData, SiloAddress[] compatibleSilos) =>
        requestContextData is not null
        && requestContextData.TryGetValue(PlacementHintKey, out var value)
        && value is SiloAddress hint
        && compatibleSilos.Contains(hint)
            ? hint
            : null;
}

/// <summary>What a director may ask.</summary>
public interface IPlacementContext
{
    SiloAddress LocalSilo { get; }

    /// <summary>The active silos that have the grain class; throws when there is none.</summary>
    SiloAddress[] GetCompatibleSilos(PlacementTarget target);
}

/// <summary>The grain to place, and the call that made it necessary.</summary>
public readonly struct PlacementTarget(
    GrainId grainIdentity, Dictionary<string, object> requestContextData, GrainInterfaceType interfaceType, ushort interfaceVersion)
{
    public GrainId GrainIdentity { get; } = grainIdentity;

    public GrainInterfaceType InterfaceType { get; } = interfaceType;

    public ushort InterfaceVersion { get; } = interfaceVersion;

    public Dictionary<string, object> RequestContextData { get; } = requestContextData;
}
