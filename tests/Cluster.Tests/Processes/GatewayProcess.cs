using System.Diagnostics;
using System.Text.RegularExpressions;
using OrleansInference.Tool.Clusters;

namespace OrleansInference.Cluster.Tests.Processes;

/// <summary>Another gateway of a cluster that runs, with a model of its own.</summary>
internal sealed partial class GatewayProcess : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);
    private readonly Process _process;

    private GatewayProcess(Process process, Uri url) => (_process, Url) = (process, url);

    public Uri Url { get; }

    /// <summary>Starts it and waits until it takes connections. It serves the model as the cluster's settings say.</summary>
    public static async Task<GatewayProcess> StartAsync(ClusterProcess cluster, string model, ClusterSettings settings)
    {
        var folder = Directory.GetDirectories(Path.Combine(cluster.RuntimeFolder, "oinf")).ShouldHaveSingleItem();
        var start = new ProcessStartInfo(HostPrograms.Find(Path.GetDirectoryName(Checkout.Tool)!).Gateway)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in Engine.SettingsOf(folder))
            start.Environment[name] = value;
        start.Environment["Cluster__SiloName"] = "another-gateway";
        start.Environment["Host__StopWhenInputCloses"] = "true";
        start.Environment["Urls"] = "http://127.0.0.1:0";
        start.Environment["Serve__Model"] = model;
        start.Environment["Serve__Slots"] = $"{settings.Slots}";
        start.Environment["Serve__ContextLength"] = $"{settings.ContextLength}";
        var process = Process.Start(start)!;
        return new(process, await UrlOfAsync(process).WaitAsync(Bound));
    }

    /// <summary>The status and the body of /readyz.</summary>
    public async Task<(int Status, string Body)> ReadyAsync()
    {
        using var client = new HttpClient { BaseAddress = Url, Timeout = Bound };
        using var response = await client.GetAsync("/readyz", TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        try
        {
            await _process.WaitForExitAsync().WaitAsync(Bound);
        }
        finally
        {
            _process.Kill();
            _process.Dispose();
        }
    }

    private static async Task<Uri> UrlOfAsync(Process process)
    {
        // A full pipe would stop the gateway.
        var errors = process.StandardError.ReadToEndAsync();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Listening().Match(line) is not { Success: true } match)
                continue;
            _ = process.StandardOutput.ReadToEndAsync();
            return new(match.Groups[1].Value);
        }

        throw new InvalidOperationException($"The gateway ended: {await errors}");
    }

    [GeneratedRegex("listening on: (http://\\S+)")]
    private static partial Regex Listening();
}
