using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Hosting;

namespace OrleansInference.Clustering.Redis;

/// <summary>Microsoft Orleans: membership, storage and grain directory in Redis.</summary>
internal static class OrleansEngine
{
    private const string DashboardPath = "/dashboard";

    // Grains whose places a silo remembers. Orleans lays out its tables for a million from the start, 19 MB a silo; we have a few a device.
    private const int RememberedGrains = 10_000;

    public static ISiloBuilder Join(this ISiloBuilder silo, ClusterOptions options) => silo
        .Configure<Orleans.Configuration.ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (options.Id, options.Id))
        .Configure<SiloOptions>(own => own.SiloName = options.SiloName)
        .Configure<EndpointOptions>(endpoint => Listen(endpoint, options))
        .Configure<ClusterMembershipOptions>(Tighten)
        .Configure<GrainDirectoryOptions>(directory => directory.CacheSize = RememberedGrains)
        .ConfigureLogging(Quieten)
        .UseRedisClustering(redis => redis.ConfigurationOptions = options.RedisConfiguration)
        .AddRedisGrainStorage("store", redis => redis.ConfigurationOptions = options.RedisConfiguration)
        .UseRedisGrainDirectoryAsDefault(redis => redis.ConfigurationOptions = options.RedisConfiguration)
        .AddDashboard();

    /// <summary>Orleans' dashboard shows every grain of the cluster: for operators, on this machine's loopback and through no proxy.</summary>
    public static void MapDashboard(this WebApplication app) => app.MapOrleansDashboard(routePrefix: DashboardPath)
        .AddEndpointFilter(async (context, next) =>
            OperatorAccess.IsGranted(context.HttpContext) ? await next(context) : TypedResults.NotFound());

    private static void Listen(EndpointOptions endpoint, ClusterOptions options)
    {
        endpoint.SiloPort = options.SiloPort == 0 ? FreePort() : options.SiloPort;
        // Clients come through our gateways, which are silos; nobody needs Orleans' own gateway port.
        endpoint.GatewayPort = 0;
        if (options.Address is not { } address)
            return;
        endpoint.AdvertisedIPAddress = IPAddress.Parse(address);
        endpoint.SiloListeningEndpoint = new IPEndPoint(
            IPAddress.IsLoopback(endpoint.AdvertisedIPAddress) ? endpoint.AdvertisedIPAddress : IPAddress.Any, endpoint.SiloPort);
    }

    // Measured on Orleans 10: a killed silo's grains answer again after about 1 s, instead of 6.5 to 13 s with the defaults.
    private static void Tighten(ClusterMembershipOptions membership)
    {
        membership.ProbeTimeout = TimeSpan.FromMilliseconds(500);
        membership.NumMissedProbesLimit = 2;
        membership.TableRefreshTimeout = TimeSpan.FromSeconds(5);
        membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
    }

    // Otherwise each start writes every option of Orleans into the log, and each health check, which connects and leaves, two lines more.
    private static void Quieten(ILoggingBuilder logging) => logging
        .AddFilter("Orleans.Runtime.SiloOptionsLogger", LogLevel.Warning)
        .AddFilter("Orleans.Runtime.Messaging", LogLevel.Warning);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
