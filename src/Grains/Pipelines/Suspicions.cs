namespace OrleansInference.Grains.Pipelines;

/// <summary>Devices that failed lately.</summary>
internal sealed class Suspicions(TimeProvider time, TimeSpan duration)
{
    private readonly Dictionary<string, DateTimeOffset> _until = new(StringComparer.Ordinal);

    public void Add(IEnumerable<string> devices)
    {
        foreach (var device in devices)
            _until[device] = time.GetUtcNow() + duration;
    }

    public IReadOnlySet<string> Current()
    {
        var now = time.GetUtcNow();
        foreach (var (device, until) in _until)
            if (until <= now)
                _until.Remove(device);
        return _until.Keys.ToHashSet(StringComparer.Ordinal);
    }
}
