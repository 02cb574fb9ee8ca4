using System.CommandLine;
using OrleansInference.Models;
using OrleansInference.Models.Store;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Commands;

/// <summary>The command line <c>oinf</c>. Exit codes: 0 done, 1 failed or used wrongly (the reason is on standard error).</summary>
internal static class OinfCommand
{
    /// <summary>Longer than any command takes to stop: <c>up</c> waits 5 s for its processes before it kills them.</summary>
    private static readonly TimeSpan StopBound = TimeSpan.FromSeconds(20);

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Screen screen)
    {
        var root = new RootCommand("Serves one language model from many devices.")
        {
            ModelCommand.Create(screen),
            UpCommand.Create(screen),
            StatusCommand.Create(screen),
            UndeployCommand.Create(screen),
        };

        try
        {
            var settings = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = StopBound };
            return await root.Parse(arguments).InvokeAsync(settings).ConfigureAwait(false);
        }
        catch (Exception e) when (e is UserErrorException or ModelFormatException or ModelNotFoundException or IOException or UnauthorizedAccessException)
        {
            screen.Error(e.Message);
        }
        catch (OperationCanceledException)
        {
            screen.Error("Stopped before it was done.");
        }

        return 1;
    }
}
