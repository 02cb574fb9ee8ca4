using System.CommandLine;
using OrleansInference.Tool.Clusters;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Commands;

/// <summary><c>oinf status</c>: a cluster's silos and pipelines. Exit code 0 when it is ready, 2 when it is not, 1 when it does not answer.</summary>
internal static class StatusCommand
{
    private const int NotReady = 2;

    public static Command Create(Screen screen)
    {
        var url = new Option<string>("--url") { Description = "The gateway", DefaultValueFactory = _ => "http://127.0.0.1:8080" };
        var command = new Command("status", "Show a cluster's silos and pipelines; exit code 0 when it is ready, 2 when it is not") { url };
        command.SetAction((arguments, cancellation) => RunAsync(arguments.GetRequiredValue(url), screen, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string url, Screen screen, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var gateway) || gateway.Scheme is not ("http" or "https"))
            throw new UserErrorException($"--url is '{url}', but must be the gateway's address, such as http://127.0.0.1:8080.");
        using var client = new TopologyClient(gateway);
        try
        {
            var topology = await client.GetTopologyAsync(cancellation).ConfigureAwait(false);
            var isReady = await client.IsReadyAsync(cancellation).ConfigureAwait(false);
            screen.Console.Write(ClusterTable.Create(topology));
            screen.Line(isReady ? "Ready." : "Not ready.");
            return isReady ? 0 : NotReady;
        }
        catch (HttpRequestException e)
        {
            throw new UserErrorException($"No cluster answers at {gateway}: {e.Message}. Start one with ./start, or name another with --url.");
        }
    }
}
