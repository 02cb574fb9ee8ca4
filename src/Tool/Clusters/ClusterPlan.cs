using System.Globalization;
using OrleansInference.Tool.Devices;
using OrleansInference.Tool.Supervision;

namespace OrleansInference.Tool.Clusters;

/// <summary>Which processes make a cluster, and what each is told, by environment variables.</summary>
internal static class ClusterPlan
{
    public const string GatewayName = "gateway";

    public static IReadOnlyList<ProcessSpecification> Create(
        ClusterOptions options, HostPrograms programs, DataFolder data, string clusterFolder, int processorCount)
    {
        return
        [
            new(GatewayName, programs.Gateway, [], Gateway(options, clusterFolder), IsEssential: true),
            .. options.Silos.Select(silo =>
                new ProcessSpecification(
                    silo.Name, programs.Silo, [], Silo(options, silo, data, clusterFolder, Threads(options, silo, processorCount)))),
        ];
    }

    /// <summary>How the silos share the processors, as one line.</summary>
    public static string DescribeThreads(ClusterOptions options, int processorCount)
    {
        var threads = options.Silos.Select(silo => $"{silo.Name} {Text(Threads(options, silo, processorCount))}");
        return $"Processors: {Text(processorCount)}. Compute threads: {string.Join(", ", threads)}.";
    }

    /// <summary>Silos that do not say otherwise get an even share: those of one machine compute at the same time.</summary>
    private static int Threads(ClusterOptions options, SiloSpecification silo, int processorCount) =>
        silo.Threads ?? Math.Max(1, processorCount / options.Silos.Count);

    private static Dictionary<string, string> Gateway(ClusterOptions options, string clusterFolder)
    {
        var settings = Common(options, GatewayName, clusterFolder);
        settings["Urls"] = $"http://{options.Http}";
        settings["Serve__Model"] = options.Model;
        if (options.SlotCount is { } slots)
            settings["Serve__Slots"] = Text(slots);
        if (options.ContextLength is { } context)
            settings["Serve__ContextLength"] = Text(context);
        return settings;
    }

    private static Dictionary<string, string> Silo(
        ClusterOptions options, SiloSpecification silo, DataFolder data, string clusterFolder, int threads)
    {
        var settings = Common(options, silo.Name, clusterFolder);
        settings["Device__Name"] = silo.Name;
        settings["Device__Class"] = silo.Class.Name;
        settings["Device__Zone"] = silo.Zone;
        settings["Device__MemoryBytes"] = Text(silo.MemoryBytes);
        settings["Device__BandwidthGigabytesPerSecond"] = Text(silo.BandwidthGigabytesPerSecond);
        settings["Device__Threads"] = Text(threads);
        settings["Device__Accelerator"] = silo.Accelerator;
        // 2 MB, in hexadecimal: by itself the collector lets generation 1 grow to 7 MB and more. No setting in a file says so.
        settings["DOTNET_GCGen1MaxBudget"] = "200000";
        settings["Models__Store"] = Path.GetFullPath(options.StoreFolder);
        settings["Models__SliceFolder"] = data.SlicesOf(silo.Name);
        return settings;
    }

    private static Dictionary<string, string> Common(ClusterOptions options, string name, string clusterFolder)
    {
        var settings = new Dictionary<string, string>
        {
            ["Cluster__SiloName"] = name,
            ["Host__StopWhenInputCloses"] = "true",
            // Otherwise each look at the topology, two a second, writes six lines into the gateway's log.
            ["Logging__LogLevel__Microsoft.AspNetCore"] = "Warning",
        };
        if (options.Redis is not { } redis)
        {
            settings["Cluster__Folder"] = clusterFolder;
            return settings;
        }

        settings["Cluster__Redis"] = redis;
        settings["Cluster__Id"] = Path.GetFileName(clusterFolder);
        settings["Cluster__Address"] = "127.0.0.1";
        settings["Cluster__SiloPort"] = "0";
        return settings;
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
