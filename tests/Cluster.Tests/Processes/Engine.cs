using System.Reflection;

namespace OrleansInference.Cluster.Tests.Processes;

/// <summary>The actor engine that the programs under test were built for, as these tests were.</summary>
internal static class Engine
{
    /// <summary>Names the Redis, as host:port, that clusters on Microsoft Orleans meet in.</summary>
    private const string RedisVariable = "REDIS";

    public static bool IsEmbedded { get; } = typeof(Engine).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "ActorEngine").Value == "Embedded";

    /// <summary>What <c>oinf up</c> is to be told besides.</summary>
    public static IReadOnlyList<string> Arguments => IsEmbedded ? [] : ["--redis", Redis];

    private static string Redis => Environment.GetEnvironmentVariable(RedisVariable)
        ?? throw new InvalidOperationException($"Set {RedisVariable} to host:port of a Redis for the clusters on Microsoft Orleans.");

    /// <summary>What a process is to be told to join the cluster of a run of <c>oinf up</c>.</summary>
    public static IReadOnlyDictionary<string, string> SettingsOf(string clusterFolder) => IsEmbedded
        ? new Dictionary<string, string> { ["Cluster__Folder"] = clusterFolder }
        : new Dictionary<string, string>
        {
            ["Cluster__Redis"] = Redis, ["Cluster__Id"] = Path.GetFileName(clusterFolder), ["Cluster__Address"] = "127.0.0.1", ["Cluster__SiloPort"] = "0",
        };
}
