using System.Collections.Immutable;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Planning;

namespace OrleansInference.Grains.Tests.Planning;

internal static class PlanningTasks
{
    public static LinkCosts Links { get; } = new(TimeSpan.FromMicroseconds(200), TimeSpan.FromMilliseconds(20));

    public static ModelProfile Model(
        int layers, long layerBytes = 100, long embeddingBytes = 0, long headBytes = 0, long kvBytesPerTokenPerLayer = 0) =>
        Model([.. Enumerable.Repeat(layerBytes, layers)], embeddingBytes, headBytes, kvBytesPerTokenPerLayer);

    public static ModelProfile Model(
        ImmutableArray<long> layerBytes, long embeddingBytes = 0, long headBytes = 0, long kvBytesPerTokenPerLayer = 0) => new(
        "model", "1", "llama", layerBytes.Length, HiddenSize: 64, VocabularySize: 256, ContextLength: 512, layerBytes, embeddingBytes,
        headBytes, kvBytesPerTokenPerLayer);

    public static PlanningDevice Device(string name, long bytes, double bandwidth = 10, string zone = "home") =>
        new(name, zone, bytes, bandwidth);

    public static PlanningTask Task(
        ModelProfile model, IEnumerable<PlanningDevice> devices, int cells = 0, PlanningObjective objective = PlanningObjective.Latency) =>
        new(model, cells, [.. devices], Links, objective);

    /// <summary>Small and awkward: uneven layers, tight memory, few distinct speeds so that ties occur.</summary>
    public static PlanningTask Random(int seed, int maximumDevices = 4, int maximumLayers = 6)
    {
        var random = new Random(seed);
        var layers = random.Next(1, maximumLayers + 1);
        var model = Model(
            [.. Enumerable.Range(0, layers).Select(_ => (long)random.Next(1, 5) * 1_000_000)],
            embeddingBytes: random.Next(0, 4) * 1_000_000, headBytes: random.Next(0, 4) * 1_000_000,
            kvBytesPerTokenPerLayer: random.Next(0, 3) * 1_000);
        var devices = Enumerable.Range(0, random.Next(1, maximumDevices + 1)).Select(index => new PlanningDevice(
            $"device-{index}", $"zone-{random.Next(2)}", random.Next(1, 16) * 1_000_000L, random.Next(1, 4) * 10,
            random.Next(2) == 0 ? 1 : 0.5));
        var objective = random.Next(2) == 0 ? PlanningObjective.Latency : PlanningObjective.Throughput;
        return Task(model, devices, cells: random.Next(0, 3) * 500, objective);
    }
}
