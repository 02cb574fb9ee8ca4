namespace OrleansInference.Grains.Gateways;

/// <summary>The leases that are out, and how long leases have lasted lately.</summary>
internal sealed class LeaseBook(TimeSpan lifetime)
{
    private const double NewestWeight = 0.2;

    private readonly Dictionary<Guid, Lease> _leases = [];

    /// <summary>Smoothed; zero until the first lease has come back.</summary>
    public TimeSpan UsualDuration { get; private set; }

    public int Count(string pipeline) => _leases.Values.Count(lease => lease.Pipeline == pipeline);

    /// <summary>Tokens, prompts' and wanted ones, that the leases on a pipeline stand for.</summary>
    public long OutstandingTokens(string pipeline) =>
        _leases.Values.Where(lease => lease.Pipeline == pipeline).Sum(static lease => lease.Tokens);

    public Guid Add(string pipeline, long tokens, DateTimeOffset now)
    {
        var id = Guid.NewGuid();
        _leases.Add(id, new Lease(pipeline, tokens, now));
        return id;
    }

    /// <summary>Giving back twice is no error: a lease may have ended by age meanwhile.</summary>
    public void Remove(Guid id, DateTimeOffset now)
    {
        if (!_leases.Remove(id, out var lease))
            return;
        var duration = now - lease.Since;
        UsualDuration = UsualDuration == TimeSpan.Zero ? duration : UsualDuration + (duration - UsualDuration) * NewestWeight;
    }

    public void RemoveExpired(DateTimeOffset now)
    {
        foreach (var (id, lease) in _leases)
            if (now - lease.Since >= lifetime)
                _leases.Remove(id);
    }

    private readonly record struct Lease(string Pipeline, long Tokens, DateTimeOffset Since);
}
