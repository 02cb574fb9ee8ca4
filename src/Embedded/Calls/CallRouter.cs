using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using OrleansInference.Embedded.Activations;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Placement;
using OrleansInference.Embedded.Scheduling;
using OrleansInference.Embedded.Serialization;
using OrleansInference.Embedded.Transport;

namespace OrleansInference.Embedded.Calls;

/// <summary>The caller's side: finds the silo of a call's grain, gets the call there, and takes what comes back.</summary>
internal sealed class CallRouter(
    PlacementService placement,
    ActivationCatalog catalog,
    CallCodec codec,
    IClusterMembership membership,
    ITransport transport,
    TaskScheduler work,
    TimeProvider time,
    IOptions<SiloMessagingOptions> messaging,
    IOptions<EmbeddedClusterOptions> cluster,
    ILogger<CallRouter> logger)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(5);

    /// <summary>The calls that may be on other silos, by their numbers.</summary>
    private readonly ConcurrentDictionary<long, PendingCall> _sent = new();
    private long _lastId;
    private volatile bool _isStopped;

    public TimeProvider Time => time;

    public TaskCreationOptions Completion => work.Completion();

    public long NextId() => Interlocked.Increment(ref _lastId);

    public long TimestampAfter(TimeSpan wait) => time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency);

    /// <summary>Takes a call down, so that its caller may go on to change its arguments, and sends it on its way.</summary>
    public Task<T> Call<T>(GrainReference target, GrainMethod method, object?[] arguments)
    {
        var call = new PendingCall<T>(this, target, method, arguments, method.ResponseTimeout ?? messaging.Value.ResponseTimeout);
        try
        {
            call.Watch();
            ThrowIfStopped(call);
            if (!call.IsDone && !TryDeliver(call))
                Send(call);
        }
        catch (Exception e)
        {
            call.Fail(e);
        }
        return method.IsOneWay ? Task.FromResult(default(T)!) : call.Task;
    }

    /// <summary>The call came back without having run: it is sent on, unless that happened too often.</summary>
    public void Reroute(PendingCall call, TurnRefusal refusal)
    {
        (call.Turn, call.SentTo) = (null, null);
        placement.Correct(call.Content.Target, refusal.Owner);
        if (refusal.Reason == RefusalReason.Ended || ++call.Forwards <= cluster.Value.MaximumForwards)
            work.RunAsync(() => RouteAsync(call));
        else if (refusal.Fault is { } cause)
            call.Fail(new SiloUnavailableException($"{call} was not sent in {call.Forwards} attempts: {cause.Message}", cause));
        else
            call.Fail(new OrleansMessageRejectionException(
                $"{call} was sent on {call.Forwards} times without reaching the grain: it keeps moving, or its silos keep stopping."));
    }

    public void Forget(PendingCall call) => _sent.TryRemove(call.Id, out _);

    /// <summary>Tells the call's grain that its caller has gone.</summary>
    public void Cancel(PendingCall call)
    {
        if (call.Turn is { } turn)
            turn.Cancel();
        else if (call.SentTo is { } silo)
            _ = transport.TellAsync(silo, FrameKind.Cancel, CallCodec.WriteId(call.Id));
    }

    /// <param name="body">Of a response frame.</param>
    public void OnResponse(SiloAddress from, ReadOnlyMemory<byte> body)
    {
        if (_sent.TryGetValue(CallCodec.ReadId(body.Span), out var call) && from.Equals(call.SentTo))
            codec.ReadOutcome(body.Span, call);
    }

    /// <summary>Nothing that was sent to this silo will be answered.</summary>
    public void OnSiloLost(SiloAddress silo)
    {
        placement.OnSiloLost(silo);
        foreach (var call in _sent.Values.Where(call => silo.Equals(call.SentTo)).OrderBy(call => call.Id))
            call.Fail(new SiloUnavailableException($"The target silo became unavailable for message: {call}. It was silo {silo}."));
    }

    public void OnOneWayFailed(PendingCall call, Exception exception) =>
        logger.OneWayCallFailed(exception, call.Method.Name, call.Content.Target);

    /// <summary>Fails whatever is under way, and whatever is called from now on.</summary>
    public void Stop()
    {
        _isStopped = true;
        foreach (var call in _sent.Values.OrderBy(call => call.Id))
            call.Fail(Stopped(call));
    }

    private static SiloUnavailableException Stopped(PendingCall call) =>
        new($"The local silo is shutting down and can no longer process the request: {call}.");

    private void ThrowIfStopped(PendingCall call)
    {
        if (_isStopped)
            throw Stopped(call);
    }

    private static CallTurn TurnOf(PendingCall call, CallContent content) => call.Turn = new CallTurn(call.Method, content, call);

    private bool TryDeliver(PendingCall call)
    {
        if (!catalog.Has(call.Content.Target))
            return false;
        call.Content = (CallContent)call.Method.Arguments.Copy(call.Content)!;
        return catalog.TryDeliver(call.Content.Target, TurnOf(call, call.Content));
    }

    private void Send(PendingCall call)
    {
        call.Payload = codec.WriteContent(call);

        // Calls of one caller to one grain keep their order where there is nothing to find out first.
        var sending = placement.Recall(call.Content.Target) is { } silo ? SendAsync(call, silo, mayActivate: false) : null;
        if (sending is not { IsCompletedSuccessfully: true })
            work.RunAsync(() => RouteAsync(call, sending));
    }

    /// <param name="sending">The first attempt, where it was begun already.</param>
    private async Task RouteAsync(PendingCall call, Task? sending = null)
    {
        try
        {
            await (sending ?? FindAndSendAsync(call));
        }
        catch (ConnectFailedException e)
        {
            Reroute(call, new TurnRefusal(RefusalReason.Elsewhere, Fault: e));
        }
        catch (IOException e) when (call.SentTo is { } silo)
        {
            call.Fail(new SiloUnavailableException($"The connection to silo {silo} was lost while {call} was sent.", e));
        }
        catch (Exception e)
        {
            call.Fail(e);
        }
    }

    private async Task FindAndSendAsync(PendingCall call)
    {
        if (call.Forwards > 0)
        {
            // The first time, the caller's view was out of date. Later, the grain is on its way to somewhere.
            await membership.RefreshAsync();
            await Task.Delay(RetryDelay * (call.Forwards - 1), time);
        }
        ThrowIfStopped(call);
        if (call.IsDone)
            return;
        call.Payload ??= codec.WriteContent(call);
        var (silo, mayActivate) = await placement.LocateAsync(call);
        if (silo.Equals(membership.Self.Silo))
        {
            catalog.Deliver(call.Content.Target, TurnOf(call, codec.ReadContent(call.Payload, call.Method)));
            return;
        }
        await transport.ConnectAsync(silo);
        await SendAsync(call, silo, mayActivate);
    }

    private Task SendAsync(PendingCall call, SiloAddress silo, bool mayActivate)
    {
        call.SentTo = silo;
        _sent[call.Id] = call;
        if (!call.IsDone)
            return transport.SendAsync(silo, FrameKind.Request, CallCodec.WriteRequest(call, mayActivate));
        Forget(call);
        return Task.CompletedTask;
    }
}
