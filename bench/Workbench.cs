using OrleansInference.Bench.Serving;

namespace OrleansInference.Bench;

/// <summary>The model and what serves it, each made when it is first asked for and used by all parts that come after.</summary>
internal sealed class Workbench(string shape, string type) : IAsyncDisposable
{
    public const string TinyShape = "tiny-llama";

    private readonly Dictionary<ClusterShape, ServedModel> _clusters = [];
    private readonly Dictionary<bool, LlamaServer> _servers = [];
    private BenchModel? _model;
    private BenchModel? _tinyModel;
    private BareContext? _bare;

    // Before the folder is made: a variable may name a program that is not there.
    public LlamaPrograms Programs { get; } = LlamaPrograms.FromEnvironment();

    private string Folder { get; } = Directory.CreateTempSubdirectory("oinf-bench-").FullName;

    /// <summary>What holds wherever the model is measured, in words.</summary>
    public string Conditions => $"{shape}, {type}, random weights; one thread in every process that computes";

    public async Task<BenchModel> GetModelAsync(CancellationToken cancellation)
    {
        if (_model is null)
        {
            await Console.Out.WriteLineAsync($"Writing a random {shape} in {type} …");
            _model = await BenchModel.CreateAsync(new BenchOptions(shape, type, 0, 0), Folder, cancellation);
        }

        return _model;
    }

    public async Task<BenchModel> GetTinyModelAsync(CancellationToken cancellation) => _tinyModel ??= await BenchModel.CreateAsync(
        new BenchOptions(TinyShape, type, 0, 0), Directory.CreateDirectory(Path.Combine(Folder, "tiny")).FullName, cancellation);

    public async Task<BareContext> GetBareAsync(CancellationToken cancellation) => _bare ??= new((await GetModelAsync(cancellation)).Path);

    /// <summary>The clusters of these shapes, in their order. Others are stopped: even idle ones take some of the cores.</summary>
    public async Task<ServedModel[]> ServeAsync(IReadOnlyList<ClusterShape> shapes, CancellationToken cancellation)
    {
        foreach (var unused in _clusters.Keys.Except(shapes).ToArray())
        {
            _clusters.Remove(unused, out var served);
            await served!.DisposeAsync();
        }

        foreach (var missing in shapes.Except(_clusters.Keys).ToArray())
            _clusters[missing] = await StartAsync(missing, cancellation);
        return [.. shapes.Select(one => _clusters[one])];
    }

    /// <summary>Null when no program is named for it.</summary>
    public async Task<LlamaServer?> GetLlamaServerAsync(bool isSplit, CancellationToken cancellation)
    {
        if (Programs.Server is not { } server || (isSplit && Programs.RpcServer is null))
            return null;
        if (!_servers.TryGetValue(isSplit, out var running))
        {
            await Console.Out.WriteLineAsync(isSplit ? "Starting llama-server over two RPC servers …" : "Starting llama-server …");
            var model = await GetModelAsync(cancellation);
            _servers[isSplit] = running =
                await LlamaServer.StartAsync(server, isSplit ? Programs.RpcServer : null, model.Path, Folder, cancellation);
        }

        return running;
    }

    /// <summary>Null when no program is named for it.</summary>
    public async Task<LlamaBench?> GetLlamaBenchAsync(CancellationToken cancellation) =>
        Programs.Bench is { } program ? new(program, (await GetModelAsync(cancellation)).Path, Folder) : null;

    public async ValueTask DisposeAsync()
    {
        foreach (var cluster in _clusters.Values)
            await cluster.DisposeAsync();
        foreach (var server in _servers.Values)
            server.Dispose();
        _bare?.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task<ServedModel> StartAsync(ClusterShape cluster, CancellationToken cancellation)
    {
        await Console.Out.WriteLineAsync($"Starting cluster {cluster.Name} …");
        var model = cluster.Engine == ClusterEngine.Real ? await GetModelAsync(cancellation) : await GetTinyModelAsync(cancellation);
        var served = await ServedModel.StartAsync(
            model, cluster, Path.Combine(Folder, cluster.Name), Path.Combine(Folder, "slices"), cancellation);
        await Console.Out.WriteLineAsync($"  layers {served.Layers}");
        return served;
    }
}
