namespace OrleansInference.Cluster.Tests.Processes;

/// <summary>What a test starts. The default: three silos, none of which has room for all of pebble's layers.</summary>
internal sealed record ClusterSettings
{
    public static ClusterSettings ThreeSilos { get; } = new();

    public static ClusterSettings OneSilo { get; } = new() { Silos = ["gpu-cloud:threads=1,memory=100MB"] };

    public IReadOnlyList<string> Silos { get; init; } =
        ["gpu-cloud:threads=1,memory=10MB", "jetson:threads=1,memory=8MB", "pi-hat:threads=1,memory=6MB"];

    public int Slots { get; init; } = 16;

    public int ContextLength { get; init; } = 512;

    /// <summary>The versions of pebble in the store.</summary>
    public IReadOnlyList<string> Versions { get; init; } = ["1"];

    public IReadOnlyList<string> MoreArguments { get; init; } = [];

    /// <summary>Settings of gateway and silos, as operators give them.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public ClusterSettings WithoutPrefixReuse() =>
        this with { Environment = new Dictionary<string, string> { ["Generation__PrefixReuse"] = "false" } };
}
