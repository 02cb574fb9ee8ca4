using System.Net;
using System.Net.Sockets;
using OrleansInference.Tool.Supervision;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Clusters;

/// <summary>A gateway and its silos on this machine, from start to stop.</summary>
internal sealed class Cluster(ClusterOptions options, RestartPolicy policy, Screen screen, TimeProvider clock)
{
    /// <summary>Runs until <paramref name="stop"/>; nothing is left of the cluster's processes, sockets and locks afterwards.</summary>
    /// <returns>Whether it ran until it was told to stop.</returns>
    /// <exception cref="UserErrorException">It cannot be started; nothing was.</exception>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        using var data = DataFolder.Open(options.DataFolder);
        var http = Claim(options.Http);
        var programs = HostPrograms.Find(AppContext.BaseDirectory);
        using var folder = ClusterFolder.Create(data, Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR"));
        var processes = ClusterPlan.Create(options with { Http = http }, programs, data, folder.FullPath, Environment.ProcessorCount);

        IClusterView view = screen.IsLive ? new LiveClusterView(screen) : new PlainClusterView(screen);
        var supervisor = new Supervisor(processes, data.Logs, policy, view.Report, clock);
        using var client = new TopologyClient(new Uri($"http://{Reachable(http)}"));
        using var end = new CancellationTokenSource();
        var follow = view.FollowAsync(new ClusterMonitor(() => supervisor.Statuses, client, clock).WatchAsync(end.Token), Welcome(http));
        try
        {
            return await supervisor.RunAsync(stop).ConfigureAwait(false);
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await follow.ConfigureAwait(false);
        }
    }

    /// <summary>The endpoint itself if it can be listened on, with a free port in place of port 0.</summary>
    private static IPEndPoint Claim(IPEndPoint http)
    {
        try
        {
            using var listener = new TcpListener(http);
            listener.Start();
            return (IPEndPoint)listener.LocalEndpoint;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new UserErrorException($"{http} is in use by another program. Stop that, or choose another with --http (./start --port N).");
        }
        catch (SocketException e)
        {
            throw new UserErrorException($"{http} cannot be listened on: {e.Message}. Choose another with --http.");
        }
    }

    private static IPEndPoint Reachable(IPEndPoint http) =>
        http.Address.Equals(IPAddress.Any) ? new(IPAddress.Loopback, http.Port)
        : http.Address.Equals(IPAddress.IPv6Any) ? new(IPAddress.IPv6Loopback, http.Port)
        : http;

    private IReadOnlyList<string> Welcome(IPEndPoint http)
    {
        var url = $"http://{Reachable(http)}";
        return
        [
            $"Ready: {url}",
            $$"""  curl {{url}}/v1/chat/completions -H 'Content-Type: application/json' -d '{"model":"{{options.Model}}","messages":[{"role":"user","content":"What is 7 plus 8?"}]}'""",
        ];
    }
}
