using OrleansInference.DataPlane.Frames;
using OrleansInference.Grains.Shards;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Tests.Engines;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>A pipeline of one to six silos in this process, driven as a pipeline grain would.</summary>
internal sealed class TestRing : IAsyncDisposable
{
    public const string Pipeline = "fake/0";

    private readonly List<TestSilo> _silos;
    private readonly StageAssignment _template;

    private readonly int _layerCount;

    private TestRing(List<TestSilo> silos, StageAssignment template, int layerCount) =>
        (_silos, _template, _layerCount) = (silos, template, layerCount);

    public IReadOnlyList<TestSilo> Silos => _silos;

    public TestSilo Head => _silos[0];

    public static async Task<TestRing> StartAsync(
        int stages, int slots = 4, int context = 256, int batchRows = 32, int? cells = null, int queueLength = 256,
        IReadOnlyDictionary<string, string?>? settings = null)
    {
        var silos = new List<TestSilo>();
        for (var stage = 0; stage < stages; stage++)
            silos.Add(await TestSilo.StartAsync($"device-{stage}", settings));
        var template = new StageAssignment(
            Pipeline, "fake", Epoch: 1, Stage: 0, stages, 0, 0, "", slots, cells ?? slots * context, context, batchRows, queueLength);
        return new TestRing(silos, template, FakeModel.LayerCount);
    }

    /// <summary>A ring that computes a real model, one thread per stage.</summary>
    public static async Task<TestRing> StartReadyAsync(
        TestModel model, IStageEngineFactory factory, int stages, int slots = 4, int context = 256,
        IReadOnlyDictionary<string, string?>? more = null)
    {
        var settings = new Dictionary<string, string?>(more ?? new Dictionary<string, string?>()) { ["Device:Threads"] = "1" };
        var silos = new List<TestSilo>();
        for (var stage = 0; stage < stages; stage++)
            silos.Add(await TestSilo.StartAsync($"device-{stage}", settings, factory));
        var template = new StageAssignment(
            Pipeline, model.Manifest.Id, 1, 0, stages, 0, 0, "", slots, slots * context, context, 64, QueueLength: 256);
        var ring = new TestRing(silos, template, model.Manifest.LayerCount);
        await ring.BecomeReadyAsync(epoch: 1);
        return ring;
    }

    public static async Task<TestRing> StartReadyAsync(
        int stages, int slots = 4, int context = 256, int batchRows = 32, int? cells = null, int queueLength = 256,
        IReadOnlyDictionary<string, string?>? settings = null)
    {
        var ring = await StartAsync(stages, slots, context, batchRows, cells, queueLength, settings);
        await ring.BecomeReadyAsync(epoch: 1);
        return ring;
    }

    public StageAssignment AssignmentOf(int stage, long epoch)
    {
        var count = _silos.Count;
        return _template with
        {
            Epoch = epoch,
            Stage = stage,
            FirstLayer = _layerCount * stage / count,
            EndLayer = _layerCount * (stage + 1) / count,
            Device = $"device-{stage}",
        };
    }

    public StageLink LinkOf(int stage, long epoch) =>
        new(Pipeline, epoch, stage, stage + 1 < _silos.Count ? _silos[stage + 1].Endpoint : null, Head.Endpoint);

    public ShardStatus StatusOf(int stage) => _silos[stage].Host.GetStatus(Pipeline, stage);

    public FakeStageEngine EngineOf(int stage) => _silos[stage].Engines.Engines.Last();

    public async Task LoadAsync(long epoch)
    {
        for (var stage = 0; stage < _silos.Count; stage++)
            _silos[stage].Host.Load(AssignmentOf(stage, epoch));
        for (var stage = 0; stage < _silos.Count; stage++)
            await Eventually.AsyncIs(() => StatusOf(stage).State == ShardState.Loaded, $"stage {stage} is loaded");
    }

    public async Task LinkAsync(long epoch)
    {
        for (var stage = 0; stage < _silos.Count; stage++)
            await _silos[stage].Host.LinkAsync(LinkOf(stage, epoch), TestContext.Current.CancellationToken);
    }

    public async Task BecomeReadyAsync(long epoch)
    {
        await LoadAsync(epoch);
        await LinkAsync(epoch);
        await Head.Host.ProveAsync(Pipeline, epoch, TestContext.Current.CancellationToken);
    }

    public Task<TestGateway> ConnectAsync(long epoch = 1) =>
        TestGateway.ConnectAsync(Head, Pipeline, epoch);

    /// <summary>Puts another silo, which knows nothing, in a stage's place.</summary>
    public async Task ReplaceAsync(int stage)
    {
        await _silos[stage].DisposeAsync();
        _silos[stage] = await TestSilo.StartAsync($"device-{stage}");
    }

    public HelloFrame Hello(ConnectionRole role, int stage, long epoch = 1) => new()
    {
        Role = role,
        Pipeline = Pipeline,
        Epoch = epoch,
        Stage = stage,
        HiddenSize = role == ConnectionRole.Ring ? FakeModel.HiddenSize : 0,
        SlotCount = _template.SlotCount,
        PositionCount = _template.CellCount,
        ContentHash = role == ConnectionRole.Generation ? "" : FakeModel.ContentHash,
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos)
            await silo.DisposeAsync();
    }
}
