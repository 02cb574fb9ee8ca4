using System.CommandLine;
using OrleansInference.Tool.Clusters;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Commands;

/// <summary>
/// <c>oinf status</c>: a cluster's silos and pipelines. Exit code 0 when the gateway is ready, as its /readyz says; 2 when it is not;
/// 1 when it does not answer. A deployed model that is not served beside the gateway's own is told of, but leaves the exit code 0.
/// </summary>
internal static class StatusCommand
{
    private const int NotReady = 2;

    public static Command Create(Screen screen)
    {
        var url = GatewayOption.Create();
        var command = new Command("status", "Show a cluster's silos and pipelines; exit code 0 when the gateway is ready, 2 when it is not") { url };
        command.SetAction((arguments, cancellation) => RunAsync(GatewayOption.Read(arguments, url), screen, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(Uri gateway, Screen screen, CancellationToken cancellation)
    {
        using var client = new TopologyClient(gateway);
        try
        {
            var topology = await client.GetTopologyAsync(cancellation).ConfigureAwait(false);
            var isReady = await client.IsReadyAsync(cancellation).ConfigureAwait(false);
            screen.Console.Write(ClusterTable.Create(topology));
            screen.Line(isReady ? "Ready." : "Not ready.");
            var unserved = topology.Models.Where(model => !model.Ready).Select(model => model.Name).ToArray();
            if (isReady && unserved.Length > 0)
                screen.Line($"Deployed, but not served: {string.Join(", ", unserved)}. \"oinf undeploy NAME\" removes what should not be there.");
            return isReady ? 0 : NotReady;
        }
        catch (HttpRequestException e)
        {
            throw GatewayOption.NoAnswer(gateway, e);
        }
    }
}
