using System.Collections.Immutable;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Models;
using OrleansInference.Simulation.Tests.Devices;

namespace OrleansInference.Simulation.Tests.Worlds;

/// <summary>What a world is made of and how it is treated.</summary>
internal sealed record Scenario
{
    public required ImmutableArray<DeviceProfile> Devices { get; init; }

    public int GatewayCount { get; init; } = 1;

    public required ImmutableArray<ModelProfile> Models { get; init; }

    public int Replicas { get; init; } = 1;

    public int SlotCount { get; init; } = 2;

    public int QueueLength { get; init; } = 4;

    public int ContextLength { get; init; } = 256;

    /// <summary>Mean time between two requests of all clients.</summary>
    public TimeSpan RequestPeriod { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Mean time between two faults.</summary>
    public TimeSpan FaultPeriod { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How long faults happen.</summary>
    public TimeSpan StormDuration { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How long nothing happens afterwards, in which all must recover and stay as it is.</summary>
    public TimeSpan CalmDuration { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>Least time between a plan and a better one.</summary>
    public int ReplanCoolDownSeconds { get; init; } = 40;

    /// <summary>Time between two looks for a better plan.</summary>
    public int ImprovementSeconds { get; init; } = 10;

    public int RefreshMilliseconds { get; init; } = 200;

    /// <summary>How long an activation may be idle.</summary>
    public TimeSpan CollectionAge { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Whether silos look for frozen ones; every silo asks every other.</summary>
    public bool WatchesPeers { get; init; } = true;

    public IEnumerable<ModelDeployment> Deployments() => Models.Select(model => new ModelDeployment(
        model.Model, Replicas, SlotCount, ContextLength, MaximumBatchRows: 32, QueueLength));

    /// <summary>A small cluster that can hold its models with room to spare, drawn from a seed.</summary>
    public static Scenario Draw(int seed)
    {
        var random = new Random(unchecked(seed * 7919 + 17));
        var replicas = random.Next(1, 3);
        ImmutableArray<ModelProfile> models = [.. Enumerable.Range(0, random.Next(1, 3)).Select(index => Model(random, index))];
        var slots = random.Next(1, 4);
        var context = 128 << random.Next(2);
        var needed = replicas * models.Sum(model => TotalBytes(model, slots * context));
        return new Scenario
        {
            Models = models,
            Replicas = replicas,
            SlotCount = slots,
            ContextLength = context,
            QueueLength = random.Next(0, 6),
            Devices = DrawDevices(random, needed, models),
            GatewayCount = random.Next(1, 3),
            RequestPeriod = TimeSpan.FromMilliseconds(random.Next(300, 2_000)),
            FaultPeriod = TimeSpan.FromSeconds(random.Next(4, 16)),
            ReplanCoolDownSeconds = random.Next(20, 90),
            CollectionAge = TimeSpan.FromSeconds(random.Next(3) == 0 ? 40 : 900),
        };
    }

    /// <summary>A device that offers so much of its memory; a Raspberry Pi 5, unless it is to be another.</summary>
    public static DeviceProfile Device(string name, long memoryBytes, DeviceClass? of = null, string zone = "home")
    {
        of ??= DeviceClass.Pi5;
        return new DeviceProfile(name, of.Name, zone, memoryBytes, of.DecodeGigabytesPerSecond, Threads: 4, of.Accelerator);
    }

    public static ModelProfile Model(string name, int layers, long layerBytes, long kvBytesPerTokenPerLayer = 1_000) => new(
        name, "1", "llama", layers, HiddenSize: 1_024, VocabularySize: 32_000, ContextLength: 1_024,
        [.. Enumerable.Repeat(layerBytes, layers)], EmbeddingBytes: layerBytes / 2, HeadBytes: layerBytes / 2, kvBytesPerTokenPerLayer);

    private static ModelProfile Model(Random random, int index) =>
        Model($"model-{index}", random.Next(6, 25), random.Next(5, 20) * 1_000_000L, random.Next(1, 8) * 1_000L);

    // Any one device may be lost, and the largest part must fit somewhere, so there is more than is needed.
    private static ImmutableArray<DeviceProfile> DrawDevices(Random random, long neededBytes, ImmutableArray<ModelProfile> models)
    {
        var count = random.Next(3, 8);
        var largest = models.Max(model => model.LayerBytes.Max()) * 4;
        return [.. Enumerable.Range(0, count).Select(index => Device(
            $"device-{index}", (long)(neededBytes * (1.5 + random.NextDouble()) / count) + largest,
            DeviceClass.All[random.Next(DeviceClass.All.Count)], $"zone-{random.Next(2)}"))];
    }

    private static long TotalBytes(ModelProfile model, int cells) =>
        model.LayerBytes.Sum() + model.EmbeddingBytes + model.HeadBytes + cells * model.KvBytesPerTokenPerLayer * model.LayerCount;
}
