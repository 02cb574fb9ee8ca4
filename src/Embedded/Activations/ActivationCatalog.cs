using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Migration;
using OrleansInference.Embedded.Scheduling;

namespace OrleansInference.Embedded.Activations;

/// <summary>The activations of this silo: one of a grain, or of a stateless worker as many as its class may have.</summary>
internal sealed class ActivationCatalog : IAsyncDisposable
{
    /// <summary>How long a grain that arrives waits for this silo's last activation of it: less than its old silo waits for it.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<(GrainId Grain, int Worker), Activation> _activations = new();
    private readonly ActivationHost _host;
    private readonly ITimer _collector;
    private volatile bool _isClosed;
    private volatile bool _isAbandoned;

    public ActivationCatalog(ActivationHost host)
    {
        _host = host;
        var quantum = host.Collection.Value.CollectionQuantum;
        _collector = host.Time.CreateTimer(static catalog => ((ActivationCatalog)catalog!).CollectIdle(), this, quantum, quantum);
    }

    public bool Has(GrainId grainId) => _activations.ContainsKey((grainId, 0));

    /// <summary>
    /// Gives a call to the grain's activation. False, and nothing done, where there is none, or another worker may be free. One that is
    /// ending as its silo stops takes it too: the call goes on to wherever the grain is next once it has ended here.
    /// </summary>
    public bool TryDeliver(GrainId grainId, CallTurn turn) => !_isAbandoned
        && _activations.TryGetValue((grainId, 0), out var activation)
        && (activation.Class.MaximumLocalWorkers is null || activation.Load == 0)
        && activation.TryEnqueue(turn);

    /// <summary>Gives a call to the grain's activation, which is made if there is none.</summary>
    public void Deliver(GrainId grainId, CallTurn turn)
    {
        while (!_isClosed && _host.Manifest.TryGetClass(grainId.Type, out var grainClass))
        {
            var place = Choose(grainId, grainClass);
            if (!_activations.TryGetValue(place, out var activation))
                activation = GetOrStart(place, new Activation(grainId, grainClass, _host), turn.RequestContext);
            if (activation.TryEnqueue(turn))
                return;
        }
        turn.Refuse(new TurnRefusal(RefusalReason.Elsewhere));
    }

    /// <summary>Starts a grain that comes from another silo, once what this silo still has of it has ended.</summary>
    public async Task TakeAsync(
        GrainId grainId, SiloAddress from, Dictionary<string, byte[]> values, Dictionary<string, object>? requestContext)
    {
        using var limit = new CancellationTokenSource(EndLimit, _host.Time);
        while (!_isClosed && !limit.IsCancellationRequested && _host.Manifest.TryGetClass(grainId.Type, out var grainClass))
        {
            var arrived = new Activation(grainId, grainClass, _host) { Arrival = (from, new MigrationContext(_host, values)) };
            var present = GetOrStart((grainId, 0), arrived, requestContext);
            if (present == arrived)
                return;
            await present.Deactivated.FollowAsync().WaitForEndAsync(limit.Token);
        }
        throw new OrleansException(
            $"Silo {_host.Silo} takes no grain {grainId}: it is stopping, lacks the grain's class, or still has it after {EndLimit}.");
    }

    /// <summary>Ends every activation, and waits for as long as it is allowed to.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        _isClosed = true;
        var reason = new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo is shutting down.");
        var all = All();
        foreach (var activation in all)
            activation.Deactivate(reason, cancellation);
        var ended = Task.WhenAll(all.Select(activation => activation.Deactivated.FollowAsync()));
        await ended.WaitForEndAsync(cancellation);
        if (!ended.IsCompleted)
            _host.Logger.ActivationsLeftBehind(all.Count(activation => !activation.Deactivated.IsCompleted));
    }

    /// <summary>Takes no more calls. What runs is left to itself: the silo counts as dead.</summary>
    public void Abandon()
    {
        (_isClosed, _isAbandoned) = (true, true);
        foreach (var activation in All())
            activation.EndTimers();
    }

    public ValueTask DisposeAsync() => _collector.DisposeAsync();

    // In an order that simulation can repeat.
    private List<Activation> All() => [.. _activations.ToArray().OrderBy(place => place.Key).Select(place => place.Value)];

    // The least busy, those that there are not yet among them.
    private (GrainId, int) Choose(GrainId grainId, GrainClass grainClass) => Enumerable.Range(0, grainClass.MaximumLocalWorkers ?? 1)
        .Select(worker => (grainId, worker))
        .MinBy(place => _activations.TryGetValue(place, out var activation) ? activation.Load : 0);

    private Activation GetOrStart((GrainId, int) place, Activation created, Dictionary<string, object>? requestContext)
    {
        var present = _activations.GetOrAdd(place, created);
        if (present == created)
            _host.Work.RunAsync(async () =>
            {
                var refusal = await created.LiveAsync(requestContext);
                _activations.TryRemove(KeyValuePair.Create(place, created));
                created.End(refusal);
            });
        return present;
    }

    private void CollectIdle()
    {
        foreach (var activation in All())
            activation.Collect(_host.Collection.Value.CollectionAge);
    }
}
