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
    private readonly ActivationHost _host;
    private readonly ActivationScheduler _scheduler;
    private readonly AsyncServiceScope _services;
    private readonly List<IActivationState> _states = [];
    private GrainStreams? _streams;
    private readonly TaskCompletionSource _deactivated = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Activation(GrainId grainId, GrainClass grainClass, ActivationHost host)
    {
        _host = host;
        GrainId = grainId;
        Class = grainClass;
        _scheduler = new ActivationScheduler(this, host.Work);
        _services = host.Services.CreateAsyncScope();
        _idleSince = host.Time.GetTimestamp();
    }

    /// <summary>The activation whose turn this is; null outside of turns.</summary>
    internal static Activation? Current => (TaskScheduler.Current as ActivationScheduler)?.Activation;

    public GrainClass Class { get; }

    public GrainId GrainId { get; }

    public GrainReference GrainReference => field ??= _host.References.Create(GrainId);

    public object? GrainInstance { get; private set; }

    public IServiceProvider ActivationServices => _services.ServiceProvider;

    public Task Deactivated => _deactivated.Task;

    public ActivationHost Host => _host;

    /// <summary>What a method is called on: the grain, or what the engine adds to it.</summary>
    public object TargetOf(GrainMethod method) => method.Method.DeclaringType == typeof(IStreamExtension)
        ? _streams ??= new GrainStreams(this)
        : GrainInstance!;

    /// <summary>Carries the activation from start to end. Runs outside of turns; does not throw.</summary>
    /// <param name="requestContext">That of the call which made the activation necessary.</param>
    public async Task LiveAsync(Dictionary<string, object>? requestContext)
    {
        var isRegistered = false;
        try
        {
            var owner = await RegisterAsync();
            if (!owner.Equals(_host.Silo))
            {
                End(new TurnRefusal(RefusalReason.Elsewhere, owner));
                return;
            }
            isRegistered = true;
            await ActivateAsync(requestContext);
            Open();
        }
        catch (Exception e)
        {
            _host.Logger.ActivationFailed(e, GrainId);
            await CloseAsync(isRegistered);
            End(new TurnRefusal(RefusalReason.Failed, Fault: e));
            return;
        }
        var reason = await _ending.Task;
        await DeactivateAsync(reason);
        var next = await TryMoveAsync();
        await CloseAsync(isRegistered && next is null);
        End(next is null ? new TurnRefusal(RefusalReason.Ended) : new TurnRefusal(RefusalReason.Elsewhere, next));
    }

    private async Task ActivateAsync(Dictionary<string, object>? requestContext)
    {
        var limit = _host.Collection.ActivationTimeout;
        using var timeout = new CancellationTokenSource(limit, _host.Time);
        try
        {
            await _scheduler.RunAsync(() => StartGrainAsync(requestContext, timeout.Token)).WaitAsync(limit, _host.Time);
        }
        catch (Exception e) when (timeout.IsCancellationRequested && e is TimeoutException or OperationCanceledException)
        {
            throw new TimeoutException($"Grain {GrainId} was not activated within {limit}.", e);
        }
    }

    private async Task StartGrainAsync(Dictionary<string, object>? requestContext, CancellationToken cancellation)
    {
        RequestContext.Current = requestContext;
        GrainInstance = Class.Create(this, _states);
        if (Arrival is var (_, context))
            Rehydrate(context);
        foreach (var state in _states.Where(state => !state.IsRead))
            await state.ReadStateAsync();
        await ((IGrainBase)GrainInstance).OnActivateAsync(cancellation);
    }

    private async Task DeactivateAsync(DeactivationReason reason)
    {
        var limit = _host.Collection.DeactivationTimeout;
        using var timeout = new CancellationTokenSource(limit, _host.Time);
        try
        {
            DisposeTimers();

            // Their callers would keep the grain at work for as long as they like.
            if (_streams is { } streams)
                await _scheduler.RunAsync(streams.EndAllAsync).WaitAsync(limit, _host.Time);
            await _drained.Task.FollowAsync().WaitAsync(limit, _host.Time);
            await _scheduler.RunAsync(() => ((IGrainBase)GrainInstance!).OnDeactivateAsync(reason, timeout.Token))
                .WaitAsync(limit, _host.Time);
        }
        catch (Exception e)
        {
            // What a grain does not finish in time, or fails to, must not keep it from being activated again.
            _host.Logger.DeactivationFailed(e, GrainId);
        }
    }

    private async Task CloseAsync(bool isRegistered)
    {
        try
        {
            DisposeTimers();
            if (GrainInstance is IAsyncDisposable asyncDisposable)
                await _scheduler.RunAsync(() => asyncDisposable.DisposeAsync().AsTask());
            else if (GrainInstance is IDisposable disposable)
                disposable.Dispose();
            await _services.DisposeAsync();
        }
        catch (Exception e)
        {
            _host.Logger.DeactivationFailed(e, GrainId);
        }
        if (isRegistered)
            await _host.UnregisterAsync(this);
    }
}
