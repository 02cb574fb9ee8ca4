using System.Net;
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
        var http = ListenEndpoint.Claim(options.Http);
        var programs = HostPrograms.Find(AppContext.BaseDirectory);
        if (options.Redis is not null && programs.HaveEmbeddedEngine)
            throw new UserErrorException(
                $"--redis goes with programs built for Microsoft Orleans, but {programs.Silo} has the embedded engine. Leave it out, "
                + "or use ./start --engine orleans --redis HOST:PORT.");
        using var folder = ClusterFolder.Create(data, Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR"));
        var processes = ClusterPlan.Create(options with { Http = http }, programs, data, folder.FullPath, Environment.ProcessorCount);

        IClusterView view = screen.IsLive ? new LiveClusterView(screen) : new PlainClusterView(screen);
        view.Report(ClusterPlan.DescribeThreads(options, Environment.ProcessorCount));
        var supervisor = new Supervisor(processes, data.Logs, policy, view.Report, clock);
        using var client = new TopologyClient(new Uri($"http://{ListenEndpoint.Reachable(http)}"));
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

    private IReadOnlyList<string> Welcome(IPEndPoint http)
    {
        var url = $"http://{ListenEndpoint.Reachable(http)}";
        return
        [
            $"Ready: {url}",
            $$"""  curl {{url}}/v1/chat/completions -H 'Content-Type: application/json' -d '{"model":"{{options.Model}}","temperature":0,"messages":[{"role":"user","content":"What is 7 plus 8?"}]}'""",
        ];
    }
}
