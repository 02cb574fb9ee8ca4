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
    public static IReadOnlyList<string> Arguments => IsEmbedded
        ? []
        : ["--redis", Environment.GetEnvironmentVariable(RedisVariable)
            ?? throw new InvalidOperationException($"Set {RedisVariable} to host:port of a Redis for the clusters on Microsoft Orleans.")];
}
