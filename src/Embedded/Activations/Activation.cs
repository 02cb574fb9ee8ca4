using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Scheduling;
using OrleansInference.Embedded.Storage;
using OrleansInference.Embedded.Streams;

namespace OrleansInference.Embedded.Activations;

/// <summary>
/// One grain in memory: its mailbox, and its life. Turns wait while the grain starts, run by Orleans' rules while it is active,
/// and are refused, so that their senders try again, once it ends.
/// </summary>
internal sealed partial class Activation : IGrainContext
{
    /// <summary>Tasks run before other activations get their turn.</summary>
    private const int TasksPerSlice = 64;

    private static readonly TimeSpan HandOverDelay = TimeSpan.FromMilliseconds(5);
    private static readonly AsyncLocal<Activation?> Creating = new();

    private readonly TaskScheduler _scheduler;
    private readonly AsyncServiceScope _services;
    private readonly List<IActivationState> _states = [];
    private GrainStreams? _streams;

    public Activation(GrainId grainId, GrainClass grainClass, ActivationHost host)
    {
        (GrainId, Class, Host, _last) = (grainId, grainClass, host, _started.Task);
        _scheduler = new ConcurrentExclusiveSchedulerPair(host.Work, maxConcurrencyLevel: 1, TasksPerSlice).ExclusiveScheduler;
        _services = host.Services.CreateAsyncScope();
        _idleSince = host.Time.GetTimestamp();
    }

    /// <summary>The grain's timers are to end.</summary>
    public event Action? TimersEnd;

    /// <summary>The activation whose grain is being made; null elsewhere.</summary>
    internal static Activation? Current => Creating.Value;

    public ActivationHost Host { get; }

    public GrainClass Class { get; }

    public GrainId GrainId { get; }

    public GrainReference GrainReference => field ??= Host.References.Create(GrainId);

    public object? GrainInstance { get; private set; }

    public IServiceProvider ActivationServices => _services.ServiceProvider;

    /// <summary>What a method is called on: the grain, or what the engine adds to it.</summary>
    public object TargetOf(GrainMethod method) => method.Method.DeclaringType == typeof(IStreamExtension)
        ? _streams ??= new GrainStreams(this)
        : GrainInstance!;

    public IGrainTimer RegisterTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options) =>
        new GrainTimer(this, callback, options);

    public void EndTimers() => TimersEnd?.Invoke();

    /// <summary>Carries the activation from start to end. Runs outside of turns; does not throw.</summary>
    /// <param name="requestContext">That of the call which made the activation necessary.</param>
    /// <returns>What those are to be told whose turns then wait.</returns>
    public async Task<TurnRefusal> LiveAsync(Dictionary<string, object>? requestContext)
    {
        try
        {
            var owner = await StartAsync(requestContext);
            if (!owner.Equals(Host.Silo))
                return new TurnRefusal(RefusalReason.Elsewhere, owner);
            _started.TrySetResult(Task.CompletedTask);
            var reason = await _ending.Task;
            await TryAsync("The deactivation", () => DeactivateAsync(reason));
            SiloAddress? next = null;
            await TryAsync("The migration", async () => next = await MoveAsync());
            return next is null ? new TurnRefusal(RefusalReason.Ended) : new TurnRefusal(RefusalReason.Elsewhere, next);
        }
        catch (Exception e)
        {
            Host.Logger.GrainFailed(e, "The activation", GrainId);
            return new TurnRefusal(RefusalReason.Failed, Fault: e);
        }
        finally
        {
            await TryAsync("The end", () => _scheduler.RunAsync(DisposeGrainAsync));
            await TryAsync("The end", () => Host.Directory.UnregisterAsync(GrainId, Host.Silo));
        }
    }

    /// <returns>The silo that has the grain: if that is another one, nothing was started here.</returns>
    private async Task<SiloAddress> StartAsync(Dictionary<string, object>? requestContext)
    {
        var timeout = Host.Collection.Value.ActivationTimeout;
        using var limit = new CancellationTokenSource(timeout, Host.Time);
        try
        {
            // A grain that arrives is still its old silo's for a moment.
            var owner = await RegisterAsync();
            while (owner.Equals(Arrival?.From))
            {
                await Task.Delay(HandOverDelay, Host.Time, limit.Token);
                owner = await RegisterAsync();
            }
            if (owner.Equals(Host.Silo))
                await _scheduler.RunAsync(() => StartGrainAsync(requestContext, limit.Token)).WaitAsync(limit.Token);
            return owner;
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested)
        {
            throw new TimeoutException($"Grain {GrainId} was not activated within {timeout}.", e);
        }
    }

    // Stateless workers may be on every silo.
    private Task<SiloAddress> RegisterAsync() => Class.MaximumLocalWorkers is null
        ? Host.Directory.RegisterAsync(GrainId, Host.Silo)
        : Task.FromResult(Host.Silo);

    private async Task StartGrainAsync(Dictionary<string, object>? requestContext, CancellationToken cancellation)
    {
        (RequestContext.Current, Creating.Value) = (requestContext, this);
        GrainInstance = Class.Create(this, _states);
        if (Arrival is var (_, context))
            Rehydrate(context);
        foreach (var state in _states)
            await state.StartAsync();
        await ((IGrainBase)GrainInstance).OnActivateAsync(cancellation);
    }

    private async Task DeactivateAsync(DeactivationReason reason)
    {
        using var limit = new CancellationTokenSource(Host.Collection.Value.DeactivationTimeout, Host.Time);
        EndTimers();

        // Their callers would keep the grain at work for as long as they like.
        if (_streams is { } streams)
            await _scheduler.RunAsync(streams.EndAllAsync).WaitAsync(limit.Token);
        await _drained.Task.FollowAsync().WaitAsync(limit.Token);
        await _scheduler.RunAsync(() => ((IGrainBase)GrainInstance!).OnDeactivateAsync(reason, limit.Token)).WaitAsync(limit.Token);
    }

    private async Task DisposeGrainAsync()
    {
        EndTimers();
        if (GrainInstance is IAsyncDisposable grain)
            await grain.DisposeAsync();
        else
            (GrainInstance as IDisposable)?.Dispose();
        await _services.DisposeAsync();
    }

    // What a grain does not finish in time, or fails to, must not keep it from being activated again.
    private async Task TryAsync(string name, Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception e)
        {
            Host.Logger.GrainFailed(e, name, GrainId);
        }
    }
}
