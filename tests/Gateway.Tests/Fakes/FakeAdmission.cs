using System.Collections.Concurrent;
using OrleansInference.Gateway.Admission;
using OrleansInference.Grains.Gateways;

namespace OrleansInference.Gateway.Tests.Fakes;

/// <summary>Grants leases and keeps account of them.</summary>
internal sealed class FakeAdmission(Func<string> headEndpoint) : IAdmission
{
    private readonly ConcurrentDictionary<Guid, int> _releases = new();
    private readonly ConcurrentQueue<AdmissionRequest> _requests = new();

    public const string Model = "pebble";

    /// <summary>The answer to a request, by its number from 0; null grants a lease.</summary>
    public Func<int, AdmissionRefusal?> Refuse { get; set; } = _ => null;

    /// <summary>Runs before an answer is given.</summary>
    public Func<Task> Before { get; set; } = () => Task.CompletedTask;

    public long Epoch { get; set; } = 1;

    public IReadOnlyList<AdmissionRequest> Requests => [.. _requests];

    public int GrantedCount => _releases.Count;

    public int OpenCount => _releases.Count(lease => lease.Value == 0);

    /// <summary>Whether each lease was given back, and only once.</summary>
    public bool IsSettled => _releases.Values.All(count => count == 1);

    public async Task<AdmissionDecision> AdmitAsync(AdmissionRequest request)
    {
        var number = _requests.Count;
        _requests.Enqueue(request);
        await Before();
        if (request.Model != Model)
            return new(null, new(RefusalReason.UnknownModel, "No such model.", 0, 0));
        if (Refuse(number) is { } refusal)
            return new(null, refusal);

        var lease = new GenerationLease(Guid.NewGuid(), "pebble/0", Epoch, headEndpoint(), 64);
        _releases[lease.Id] = 0;
        return new(lease, null);
    }

    public Task ReleaseAsync(Guid lease)
    {
        _releases.AddOrUpdate(lease, _ => throw new InvalidOperationException("No such lease."), (_, count) => count + 1);
        return Task.CompletedTask;
    }
}
