using System.Collections.Concurrent;
using System.ClientModel;
using System.ClientModel.Primitives;
using System.Diagnostics;
using OpenAI;
using OpenAI.Chat;
using OrleansInference.Models.Store;
using OrleansInference.Tool.Clusters;

namespace OrleansInference.Cluster.Tests.Processes;

/// <summary>A run of <c>oinf up</c>, the program as users run it, with pebble, on a free port and in a folder of its own.</summary>
internal sealed class ClusterProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyBound = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StopBound = TimeSpan.FromSeconds(30);
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _folder;

    private ClusterProcess(string folder, Process process)
    {
        _folder = folder;
        _process = process;
        process.OutputDataReceived += (_, e) => OnLine(e.Data);
        process.ErrorDataReceived += (_, e) => OnLine(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int ProcessId => _process.Id;

    public Uri Url => _ready.Task.Result;

    public string DataFolder => Path.Combine(_folder, "data");

    public string RuntimeFolder => Path.Combine(_folder, "run");

    public IReadOnlyList<string> Lines => [.. _lines];

    /// <summary>Starts it and waits until it says that it is ready.</summary>
    public static async Task<ClusterProcess> StartAsync(ClusterSettings settings)
    {
        var folder = Directory.CreateTempSubdirectory("oinf-").FullName;
        var store = new ModelStore(Path.Combine(folder, "models"));
        foreach (var version in settings.Versions)
            await store.ImportAsync(Checkout.Pebble, new ImportOptions { Name = "pebble", Version = version });
        Directory.CreateDirectory(Path.Combine(folder, "run"));

        string[] arguments =
        [
            "up", "--store", store.Root, "--data", Path.Combine(folder, "data"), "--http", "127.0.0.1:0", "--slots", $"{settings.Slots}",
            "--context", $"{settings.ContextLength}", .. settings.Silos.SelectMany(silo => new[] { "--silo", silo }), .. Engine.Arguments,
            .. settings.MoreArguments,
        ];
        var cluster = new ClusterProcess(folder, Launch(arguments, folder, settings.Environment));
        try
        {
            await cluster._ready.Task.WaitAsync(ReadyBound);
            return cluster;
        }
        catch (Exception e)
        {
            var logs = cluster.Logs();
            await cluster.DisposeAsync();
            throw new InvalidOperationException($"The cluster did not become ready.\n{string.Join('\n', cluster.Lines)}\n{logs}", e);
        }
    }

    /// <summary>Runs the tool to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunToolAsync(params string[] arguments)
    {
        using var process = Launch(arguments, Path.GetTempPath());
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(StopBound);
        return (process.ExitCode, await output + await errors);
    }

    public ChatClient CreateChatClient(string model = "pebble") => new OpenAIClient(new ApiKeyCredential("none"), new OpenAIClientOptions
    {
        Endpoint = new Uri(Url, "/v1"),
        RetryPolicy = new ClientRetryPolicy(0),
        NetworkTimeout = TimeSpan.FromSeconds(60),
    }).GetChatClient(model);

    public HttpClient CreateHttpClient() => new() { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(60) };

    public async Task<ClusterTopology> GetTopologyAsync()
    {
        using var client = new TopologyClient(Url);
        return await client.GetTopologyAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Whether /readyz says so; false also while the gateway does not answer.</summary>
    public async Task<bool> IsReadyAsync()
    {
        using var client = new TopologyClient(Url);
        try
        {
            return await client.IsReadyAsync(TestContext.Current.CancellationToken);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Everything that the cluster's processes wrote.</summary>
    public string Logs() => string.Join('\n', Directory.Exists(Path.Combine(DataFolder, "logs"))
        ? Directory.GetFiles(Path.Combine(DataFolder, "logs")).Order().Select(path => $"== {path}\n{ReadShared(path)}")
        : []);

    /// <summary>Ctrl-C, then waits for the end.</summary>
    /// <returns>The exit code, and how long it took.</returns>
    public async Task<(int ExitCode, TimeSpan Elapsed)> InterruptAsync()
    {
        var watch = Stopwatch.StartNew();
        ProcessTable.Interrupt(ProcessId);
        await _process.WaitForExitAsync().WaitAsync(StopBound);
        return (_process.ExitCode, watch.Elapsed);
    }

    public async ValueTask DisposeAsync()
    {
        int[] children = [.. ProcessTable.ChildrenOf(ProcessId)];
        if (!_process.HasExited)
            await InterruptAsync();
        await Deadline.UntilAsync(StopBound, "all processes of the cluster are gone", () => !children.Any(ProcessTable.IsAlive));
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static Process Launch(
        IReadOnlyList<string> arguments, string folder, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(Checkout.Tool, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["XDG_RUNTIME_DIR"] = Path.Combine(folder, "run");
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private static string ReadShared(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }

    private void OnLine(string? line)
    {
        if (line is null)
        {
            _ready.TrySetException(new InvalidOperationException("oinf up ended."));
            return;
        }

        _lines.Enqueue(line);
        if (line.StartsWith("Ready: ", StringComparison.Ordinal))
            _ready.TrySetResult(new Uri(line["Ready: ".Length..]));
    }
}
