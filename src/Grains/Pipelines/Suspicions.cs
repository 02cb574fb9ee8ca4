using System.Collections.Immutable;
using Orleans.Runtime;
using OrleansInference.Grains.Clusters;

namespace OrleansInference.Grains.Pipelines;

/// <summary>Devices that failed lately.</summary>
internal sealed class Suspicions(TimeProvider time, PipelineOptions options)
{
    private readonly Dictionary<string, Suspicion> _suspicions = new(StringComparer.Ordinal);

    public void Add(PlacedStage stage)
    {
        var now = time.GetUtcNow();
        _suspicions[stage.Device] = new Suspicion(stage.Silo, now, now + TimeSpan.FromSeconds(options.SuspicionSeconds));
    }

    /// <summary>The suspected devices of those that are offered; whose failure is longest ago comes first.</summary>
    public ImmutableArray<string> Among(ImmutableArray<DeviceOffer> offers)
    {
        var now = time.GetUtcNow();
        return [.. offers.Select(static offer => offer.Registration.Profile.Name)
            .Where(device => _suspicions.TryGetValue(device, out var suspicion) && suspicion.Until > now)
            .OrderBy(device => _suspicions[device].FailedAt).ThenBy(static device => device, StringComparer.Ordinal)];
    }

    /// <summary>The one that has not failed yet, or longest ago; the first of equals.</summary>
    public PlacedStage NextOf(IEnumerable<PlacedStage> candidates) => candidates.MinBy(
        stage => _suspicions.TryGetValue(stage.Device, out var suspicion) ? suspicion.FailedAt : DateTimeOffset.MinValue)!;

    private sealed record Suspicion(SiloAddress Silo, DateTimeOffset FailedAt, DateTimeOffset Until);
}
