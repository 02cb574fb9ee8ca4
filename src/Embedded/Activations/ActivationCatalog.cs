using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Scheduling;

namespace OrleansInference.Embedded.Activations;

/// <summary>The activations of this silo.</summary>
internal sealed class ActivationCatalog : IAsyncDisposable
{
    /// <summary>How long a grain that arrives waits for this silo's last activation of it: less than its old silo waits for it.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<GrainId, Activation> _activations = new();
    private readonly ConcurrentDictionary<GrainId, StatelessWorkers> _workers = new();
    private readonly ActivationHost _host;
    private readonly ITimer _collector;
    private volatile bool _isClosed;

    public ActivationCatalog(ActivationHost host)
    {
        _host = host;
        _host.Ended += Forget;
        var quantum = host.Collection.CollectionQuantum;
        _collector = host.Time.CreateTimer(static catalog => ((ActivationCatalog)catalog!).CollectIdle(), this, quantum, quantum);
    }

    /// <summary>Whether the silo takes no more calls.</summary>
    public bool IsClosed => _isClosed;

    public bool Has(GrainId grainId) => _activations.ContainsKey(grainId) || _workers.ContainsKey(grainId);

    /// <summary>Gives a call to the grain's activation. False, and nothing done, where there is none.</summary>
    public bool TryDeliver(GrainId grainId, CallTurn turn)
    {
        while (_activations.TryGetValue(grainId, out var activation))
        {
            if (TryEnqueue(activation, turn))
                return true;
        }
        if (_isClosed || !_workers.TryGetValue(grainId, out var workers))
            return false;
        DeliverToWorker(grainId, workers, turn);
        return true;
    }

    /// <summary>Gives a call to the grain's activation, which is made if there is none.</summary>
    public void Deliver(GrainId grainId, GrainClass grainClass, CallTurn turn)
    {
        if (_isClosed)
        {
            turn.Refuse(new TurnRefusal(RefusalReason.Elsewhere));
            return;
        }
        if (grainClass.MaximumLocalWorkers is not null)
        {
            var workers = _workers.GetOrAdd(grainId, static (_, grainClass) => new StatelessWorkers(grainClass), grainClass);
            DeliverToWorker(grainId, workers, turn);
            return;
        }
        while (!TryDeliver(grainId, turn))
        {
            var created = new Activation(grainId, grainClass, _host);
            if (_activations.TryAdd(grainId, created))
                Start(created, turn);
        }
    }

    /// <summary>Starts a grain that comes from another silo, once what this silo still has of it has ended.</summary>
    public async Task TakeAsync(
        GrainId grainId, SiloAddress from, Dictionary<string, byte[]> values, Dictionary<string, object>? requestContext)
    {
        using var limit = new CancellationTokenSource(EndLimit, _host.Time);
        while (true)
        {
            if (_isClosed || !_host.Manifest.TryGetClass(grainId.Type, out var grainClass))
                throw new OrleansException($"Silo {_host.Silo} takes no grain {grainId}: it is stopping, or lacks the grain's class.");
            var arrived = new Activation(grainId, grainClass, _host) { Arrival = (from, _host.Migration.NewContext(values)) };
            var present = _activations.GetOrAdd(grainId, arrived);
            if (present == arrived)
            {
                _host.Run(() => arrived.LiveAsync(requestContext));
                return;
            }
            try
            {
                await present.Deactivated.FollowAsync().WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                throw new OrleansException($"Silo {_host.Silo} takes no grain {grainId}: its own activation has not ended within {EndLimit}.");
            }
        }
    }

    /// <summary>Ends every activation, and waits for as long as it is allowed to.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        _isClosed = true;
        var reason = new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo is shutting down.");
        var all = All();
        foreach (var activation in all)
            activation.Deactivate(reason, cancellation);
        try
        {
            await Task.WhenAll(all.Select(activation => activation.Deactivated.FollowAsync())).WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            _host.Logger.ActivationsLeftBehind(all.Count(activation => !activation.Deactivated.IsCompleted));
        }
    }

    /// <summary>Takes no more calls. What runs is left to itself: the silo counts as dead.</summary>
    public void Abandon()
    {
        _isClosed = true;
        foreach (var activation in All())
            activation.DisposeTimers();
    }

    public ValueTask DisposeAsync() => _collector.DisposeAsync();

    // In an order that simulation can repeat.
    private List<Activation> All() =>
        [.. _activations.Values.Concat(_workers.Values.SelectMany(workers => workers.All)).OrderBy(activation => activation.GrainId)];

    private static bool TryEnqueue(Activation activation, CallTurn turn)
    {
        switch (activation.TryEnqueue(turn))
        {
            case Activation.EnqueueResult.Accepted:
                return true;
            case Activation.EnqueueResult.Full:
                turn.Refuse(new TurnRefusal(RefusalReason.Failed, Fault: new LimitExceededException(
                    $"Grain {activation.GrainId} is overloaded: {activation.Host.MailboxLength} calls wait for it, the most that may.")));
                return true;
            default:
                return false;
        }
    }

    private void DeliverToWorker(GrainId grainId, StatelessWorkers workers, CallTurn turn)
    {
        while (!TryEnqueue(workers.Choose(() => Create(grainId, workers.Class, turn)), turn))
        {
        }
    }

    private Activation Create(GrainId grainId, GrainClass grainClass, CallTurn turn)
    {
        var activation = new Activation(grainId, grainClass, _host);
        Start(activation, turn);
        return activation;
    }

    private void Start(Activation activation, CallTurn turn) => _host.Run(() => activation.LiveAsync(turn.RequestContext));

    private void Forget(Activation activation)
    {
        if (activation.Class.MaximumLocalWorkers is null)
            _activations.TryRemove(KeyValuePair.Create(activation.GrainId, activation));
        else if (_workers.TryGetValue(activation.GrainId, out var workers))
            workers.Remove(activation);
    }

    private void CollectIdle()
    {
        var now = _host.Time.GetTimestamp();
        var age = _host.Collection.CollectionAge;
        foreach (var activation in All())
        {
            if (!activation.Class.IsKeptAlive && activation.IsIdleFor(age, now))
                activation.Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, $"The grain was idle for {age}."));
        }
    }
}
