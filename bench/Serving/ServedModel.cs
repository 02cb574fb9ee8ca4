using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using OrleansInference.Tool.Clusters;
using OrleansInference.Tool.Devices;
using OrleansInference.Tool.Supervision;

namespace OrleansInference.Bench.Serving;

/// <summary>A model behind a gateway of its own, in one or more silo processes: what <c>oinf up</c> runs, without its display.</summary>
internal sealed class ServedModel : IAsyncDisposable
{
    private static readonly TimeSpan ReadyBound = TimeSpan.FromMinutes(5);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly DataFolder _data;
    private readonly ClusterFolder _folder;
    private readonly Supervisor _supervisor;
    private readonly Task _run;
    private readonly Uri _url;

    private ServedModel(BenchModel model, ClusterShape shape, string folder, string slices)
    {
        Directory.CreateDirectory(folder);
        var http = ListenEndpoint.Claim(new IPEndPoint(IPAddress.Loopback, 0));
        var silos = SiloSpecification.ParseAll(model.Silos(shape.Stages, ClusterShape.Slots * ClusterShape.ContextLength));
        var options = new Tool.Clusters.ClusterOptions(
            BenchModel.Name, model.Store.Root, folder, http, silos, ClusterShape.Slots, ClusterShape.ContextLength);
        _data = DataFolder.Open(folder);
        _folder = ClusterFolder.Create(_data, Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR"));
        var processes = ClusterPlan.Create(
            options, HostPrograms.Find(AppContext.BaseDirectory), _data, _folder.FullPath, Environment.ProcessorCount);
        _supervisor = new Supervisor(
            [.. processes.Select(process => shape.Apply(process, slices, folder))], _data.Logs, RestartPolicy.Never, _lines.Enqueue,
            TimeProvider.System);
        _run = _supervisor.RunAsync(_stop.Token);
        _url = new Uri($"http://{http}");
        Client = new ApiClient(_url);
    }

    public ApiClient Client { get; }

    /// <summary>The silos that hold the stages, in order; the first is the head.</summary>
    public IReadOnlyList<string> Silos { get; private set; } = [];

    /// <param name="folder">For its logs, locks and meters.</param>
    /// <param name="slices">For slices, which clusters share.</param>
    public static async Task<ServedModel> StartAsync(
        BenchModel model, ClusterShape shape, string folder, string slices, CancellationToken cancellation)
    {
        var served = new ServedModel(model, shape, folder, slices);
        try
        {
            await served.BecomeReadyAsync(shape.Stages, cancellation);
            return served;
        }
        catch
        {
            await served.DisposeAsync();
            throw;
        }
    }

    public int GatewayProcessId => _supervisor.Statuses.Single(static process => process.Name == ClusterPlan.GatewayName).ProcessId;

    /// <summary>The managed memory that a silo has allocated, where silos are metered.</summary>
    public Task<long> ReadAllocatedBytesAsync(string silo, CancellationToken cancellation) =>
        AllocationMeter.ReadAsync(Path.Combine(_data.FullPath, silo), cancellation);

    /// <summary>The layers of each stage, in order.</summary>
    public string Layers { get; private set; } = "";

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _stop.CancelAsync();
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _folder.Dispose();
        _data.Dispose();
    }

    private async Task BecomeReadyAsync(int stages, CancellationToken cancellation)
    {
        using var topology = new TopologyClient(_url);
        var started = Stopwatch.GetTimestamp();
        while (!await IsReadyAsync(topology, cancellation))
        {
            if (_run.IsCompleted || Stopwatch.GetElapsedTime(started) > ReadyBound)
                throw new InvalidOperationException($"A cluster did not become ready.\n{string.Join('\n', _lines)}");
            await Task.Delay(100, cancellation);
        }

        var planned = (await topology.GetTopologyAsync(cancellation)).Pipelines.Single().Stages;
        Layers = string.Join(" | ", planned.OrderBy(static stage => stage.Stage).Select(static stage => stage.Layers));
        Silos = [.. planned.OrderBy(static stage => stage.Stage).Select(static stage => stage.Silo!)];
        if (Silos.Count != stages)
            throw new InvalidOperationException($"{stages} stages were wanted, but the plan has {Silos.Count}.");
    }

    private static async Task<bool> IsReadyAsync(TopologyClient topology, CancellationToken cancellation)
    {
        try
        {
            return await topology.IsReadyAsync(cancellation);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
