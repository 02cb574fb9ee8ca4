using System.CommandLine;
using OrleansInference.Tool.Clusters;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Commands;

/// <summary><c>oinf undeploy NAME</c>: has a cluster serve a model no more. Exit code 0 when it was deployed, otherwise 1.</summary>
internal static class UndeployCommand
{
    public static Command Create(Screen screen)
    {
        var (name, url) = (new Argument<string>("NAME") { Description = "A deployed model" }, GatewayOption.Create());
        var command = new Command("undeploy", "Stop serving a model and free its memory; to be run on the gateway's machine") { name, url };
        command.SetAction((arguments, cancellation) =>
            RunAsync(arguments.GetRequiredValue(name), GatewayOption.Read(arguments, url), screen, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string model, Uri gateway, Screen screen, CancellationToken cancellation)
    {
        using var client = new ModelRemovalClient(gateway);
        try
        {
            screen.Line(await client.RemoveAsync(model, cancellation).ConfigureAwait(false));
            return 0;
        }
        catch (HttpRequestException e)
        {
            throw GatewayOption.NoAnswer(gateway, e);
        }
    }
}
