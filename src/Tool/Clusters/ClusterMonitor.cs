using System.Runtime.CompilerServices;
using OrleansInference.Tool.Supervision;

namespace OrleansInference.Tool.Clusters;

/// <summary>Looks at the processes and at what the gateway says of the cluster, over and over.</summary>
internal sealed class ClusterMonitor(Func<IReadOnlyList<ProcessStatus>> processes, TopologyClient client, TimeProvider clock)
{
    private static readonly TimeSpan StartingPeriod = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ReadyPeriod = TimeSpan.FromSeconds(1);

    private bool _hasBeenReady;

    /// <summary>A snapshot at once and after every period, until <paramref name="end"/>.</summary>
    public async IAsyncEnumerable<ClusterSnapshot> WatchAsync([EnumeratorCancellation] CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            yield return await LookAsync(end).ConfigureAwait(false);
            var period = _hasBeenReady ? ReadyPeriod : StartingPeriod;
            await Task.Delay(period, clock, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<ClusterSnapshot> LookAsync(CancellationToken end)
    {
        try
        {
            var topology = await client.GetTopologyAsync(end).ConfigureAwait(false);
            _hasBeenReady = _hasBeenReady || await client.IsReadyAsync(end).ConfigureAwait(false);
            return new(processes(), topology, _hasBeenReady);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            // The gateway is starting, stopping or dead; what the processes are says which.
            return new(processes(), Topology: null, _hasBeenReady);
        }
    }
}
