using System.Collections.Immutable;
using Orleans.Runtime;
using OrleansInference.Grains.Clusters;

namespace OrleansInference.Grains.Pipelines;

/// <summary>
/// Devices that failed lately. Each is suspected for twice as long as the last time, because every further try may take a working
/// pipeline down; all is forgiven to one that serves again, or that comes back with a new silo.
/// </summary>
internal sealed class Suspicions(TimeProvider time, PipelineOptions options)
{
    private const int MaximumDoublings = 20;

    private readonly Dictionary<string, Suspicion> _suspicions = new(StringComparer.Ordinal);

    public void Add(PlacedStage stage)
    {
        var failures = _suspicions.TryGetValue(stage.Device, out var before) && before.Silo.Equals(stage.Silo) ? before.Failures + 1 : 1;
        var seconds = Math.Min((long)options.SuspicionSeconds << Math.Min(failures - 1, MaximumDoublings), options.SuspicionLimitSeconds);
        var now = time.GetUtcNow();
        _suspicions[stage.Device] = new Suspicion(stage.Silo, failures, now, now + TimeSpan.FromSeconds(seconds));
    }

    public void Forgive(IEnumerable<PlacedStage> stages)
    {
        foreach (var stage in stages)
            _suspicions.Remove(stage.Device);
    }

    /// <summary>The suspected devices of those that are offered; whose failure is longest ago comes first.</summary>
    public ImmutableArray<string> Among(ImmutableArray<DeviceOffer> offers)
    {
        foreach (var offer in offers)
            if (_suspicions.TryGetValue(offer.Registration.Profile.Name, out var old) && !old.Silo.Equals(offer.Registration.Silo))
                _suspicions.Remove(offer.Registration.Profile.Name);
        var now = time.GetUtcNow();
        return [.. offers.Select(static offer => offer.Registration.Profile.Name)
            .Where(device => _suspicions.TryGetValue(device, out var suspicion) && suspicion.Until > now)
            .OrderBy(device => _suspicions[device].FailedAt).ThenBy(static device => device, StringComparer.Ordinal)];
    }

    /// <summary>The one that has not failed yet, or longest ago; the first of equals.</summary>
    public PlacedStage NextOf(IEnumerable<PlacedStage> candidates) => candidates.MinBy(
        stage => _suspicions.TryGetValue(stage.Device, out var suspicion) ? suspicion.FailedAt : DateTimeOffset.MinValue)!;

    private sealed record Suspicion(SiloAddress Silo, int Failures, DateTimeOffset FailedAt, DateTimeOffset Until);
}
