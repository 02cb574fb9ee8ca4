using System.Globalization;
using System.Net;
using System.Net.Sockets;
using OrleansInference.Tool.Clusters;

namespace OrleansInference.Bench.Serving;

/// <summary>llama.cpp's own server, with the whole model or with the model split over two of its RPC servers; one thread each.</summary>
internal sealed class LlamaServer : IDisposable
{
    private const int RpcServers = 2;
    private readonly IReadOnlyList<LlamaProcess> _processes;

    private LlamaServer(IReadOnlyList<LlamaProcess> processes, Uri url)
    {
        _processes = processes;
        Client = new ApiClient(url);
    }

    public ApiClient Client { get; }

    /// <param name="rpcServer">The program of the RPC servers; null for none.</param>
    /// <param name="folder">For the programs' output.</param>
    public static async Task<LlamaServer> StartAsync(
        string server, string? rpcServer, string model, string folder, CancellationToken cancellation)
    {
        var processes = new List<LlamaProcess>();
        try
        {
            var workers = new List<string>();
            for (var i = 1; rpcServer is not null && i <= RpcServers; i++)
            {
                var at = Free();
                processes.Add(await LlamaProcess.StartAsync(
                    rpcServer, ["-H", $"{at.Address}", "-p", Text(at.Port), "-t", "1"], Path.Combine(folder, $"rpc-{i}.log"),
                    () => IsListeningAsync(at, cancellation), cancellation));
                workers.Add(at.ToString());
            }

            var http = Free();
            string[] split = workers.Count == 0 ? [] : ["--rpc", string.Join(',', workers), "-ngl", "99"];
            var url = new Uri($"http://{http}");
            processes.Add(await LlamaProcess.StartAsync(
                server, [.. ArgumentsOf(model, http), .. split], Path.Combine(folder, $"server-{workers.Count}.log"),
                () => IsHealthyAsync(url, cancellation), cancellation));
            return new LlamaServer(processes, url);
        }
        catch
        {
            processes.ForEach(static process => process.Dispose());
            throw;
        }
    }

    public void Dispose()
    {
        Client.Dispose();
        foreach (var process in _processes)
            process.Dispose();
    }

    /// <summary>As many slots, positions, and rows of a batch as a cluster of ours has.</summary>
    private static string[] ArgumentsOf(string model, IPEndPoint http) =>
    [
        "-m", model, "--host", $"{http.Address}", "--port", Text(http.Port), "-t", "1", "-tb", "1", "-np", Text(ClusterShape.Slots),
        "-c", Text(ClusterShape.Slots * ClusterShape.ContextLength), "-fa", "on",
    ];

    private static IPEndPoint Free() => ListenEndpoint.Claim(new IPEndPoint(IPAddress.Loopback, 0));

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static async Task<bool> IsListeningAsync(IPEndPoint endpoint, CancellationToken cancellation)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(endpoint, cancellation);
        return true;
    }

    private static async Task<bool> IsHealthyAsync(Uri url, CancellationToken cancellation)
    {
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri(url, "/health"), cancellation);
        return response.IsSuccessStatusCode;
    }
}
