using System.Collections.Concurrent;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Shards;

namespace OrleansInference.Grains.Tests.Fakes;

/// <summary>What the fakes of all silos share: the models in the stores, and the data plane between the stages.</summary>
internal sealed class FakeWorld
{
    private int _lastPort = 20_000;

    public ConcurrentDictionary<string, FakeStageHost> Hosts { get; } = new();

    public ConcurrentDictionary<string, ModelProfile> Models { get; } = new();

    /// <summary>Proofs that are still to fail, whoever asks.</summary>
    public int ProofsToFail;

    /// <summary>The device whose store is empty.</summary>
    public string? DeviceWithoutModels { get; set; }

    /// <summary>Why no model can be read.</summary>
    public string? StoreFault { get; set; }

    public string NextEndpoint() => $"127.0.0.1:{Interlocked.Increment(ref _lastPort)}";

    public FakeStageHost HostOf(string device) => Hosts.Values.Last(host => host.Device == device && !host.IsDead);

    /// <summary>As kill -9 would: the host is gone, and its neighbours notice on the data plane.</summary>
    public void Kill(FakeStageHost dead)
    {
        dead.IsDead = true;
        foreach (var host in Hosts.Values)
            host.LoseNeighbour(dead.Endpoint);
    }

    public long BytesOf(StageAssignment assignment)
    {
        var model = Models[assignment.Model];
        var layers = assignment.EndLayer - assignment.FirstLayer;
        return model.LayerBytes.AsSpan()[assignment.FirstLayer..assignment.EndLayer].ToArray().Sum()
            + layers * assignment.CellCount * model.KvBytesPerTokenPerLayer
            + (assignment.FirstLayer == 0 ? model.EmbeddingBytes : 0)
            + (assignment.EndLayer == model.LayerCount ? model.HeadBytes : 0);
    }
}
