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
using OrleansInference.Embedded.Transport;

namespace OrleansInference.Embedded.Calls;

/// <summary>The caller's side: finds the silo of a call's grain, gets the call there, and takes what comes back.</summary>
internal sealed class CallRouter(
    GrainLocator locator,
    ActivationCatalog catalog,
    GrainManifest manifest,
    CallCodec codec,
    IClusterMembership membership,
    ITransport transport,
    IWorkQueue work,
    TimeProvider time,
    IOptions<SiloMessagingOptions> messaging,
    IOptions<EmbeddedClusterOptions> cluster,
    ILogger<CallRouter> logger)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentDictionary<long, PendingCall> _sent = new();
    private readonly ConcurrentDictionary<SiloAddress, int> _losses = new();
    private long _lastId;
    private volatile bool _isStopped;

    public TimeProvider Time => time;

    public TaskCreationOptions Completion => work.Completion;

    public TimeSpan ResponseTimeout => messaging.Value.ResponseTimeout;

    /// <summary>Takes the call down, so that its caller may go on to change its arguments, and sends it on its way.</summary>
    public void Start(PendingCall call)
    {
        if (_isStopped)
        {
            call.Fail(Stopped(call));
            return;
        }
        call.Watch();
        if (catalog.Has(call.Target))
        {
            call.Arguments = call.Method.CopyArguments(call.Arguments);
            if (catalog.TryDeliver(call.Target, TurnOf(call, call.Arguments, call.RequestContext)))
                return;
        }
        call.Payload = codec.WritePayload(call);
        if (locator.Recall(call.Target) is { } silo && membership.Members.TryGetValue(silo, out var member))
            SendNow(call, member);
        else
            work.RunAsync(() => RouteAsync(call));
    }

    /// <summary>The call came back without having run.</summary>
    public void Reroute(PendingCall call, TurnRefusal refusal)
    {
        locator.Correct(call.Target, refusal.Owner);
        if (refusal.Reason == RefusalReason.Elsewhere && ++call.Forwards > cluster.Value.MaximumForwards)
        {
            call.Fail(new OrleansMessageRejectionException(
                $"{call} was sent on {call.Forwards} times without reaching the grain: it keeps moving, or its silos keep stopping."));
            return;
        }
        call.Turn = null;
        try
        {
            call.Payload ??= codec.WritePayload(call);
        }
        catch (Exception e)
        {
            call.Fail(e);
            return;
        }
        work.RunAsync(() => RouteAsync(call));
    }

    public void Forget(PendingCall call)
    {
        if (call.Id != 0)
            _sent.TryRemove(call.Id, out _);
    }

    /// <summary>Tells the call's grain that its caller has gone.</summary>
    public void Cancel(PendingCall call)
    {
        if (call.Turn is { } turn)
            turn.Cancel();
        else if (call.SentTo is { } silo && membership.Members.TryGetValue(silo, out var member))
            work.RunAsync(() => TrySendAsync(member, FrameKind.Cancel, CallCodec.WriteId(call.Id)));
    }

    /// <param name="body">Of a response frame.</param>
    public void OnResponse(SiloAddress from, ReadOnlyMemory<byte> body)
    {
        var id = CallCodec.ReadId(body.Span);
        if (!_sent.TryGetValue(id, out var call) || !from.Equals(call.SentTo))
            return;
        _sent.TryRemove(id, out _);
        codec.ReadOutcome(body.Span[sizeof(long)..], call);
    }

    /// <summary>Nothing that was sent to this silo will be answered.</summary>
    public void OnSiloLost(SiloAddress silo)
    {
        locator.OnSiloLost(silo);
        _losses.AddOrUpdate(silo, 1, static (_, losses) => losses + 1);
        foreach (var call in _sent.Values.Where(call => call.IsUnderWay && silo.Equals(call.SentTo)).OrderBy(call => call.Id))
            call.Fail(Lost(call, silo));
    }

    public void OnOneWayFailed(PendingCall call, Exception exception) => logger.OneWayCallFailed(exception, call.Method.Name, call.Target);

    /// <summary>Fails whatever is under way, and whatever is called from now on.</summary>
    public void Stop()
    {
        _isStopped = true;
        foreach (var call in _sent.Values.OrderBy(call => call.Id))
            call.Fail(Stopped(call));
    }

    private static SiloUnavailableException Stopped(PendingCall call) =>
        new($"The local silo is shutting down and can no longer process the request: {call}.");

    private static SiloUnavailableException Lost(PendingCall call, SiloAddress silo) =>
        new($"The target silo became unavailable for message: {call}. It was silo {silo}.");

    private static CallTurn TurnOf(PendingCall call, object?[] arguments, Dictionary<string, object>? requestContext)
    {
        var turn = new CallTurn(call.Method, arguments, requestContext, call.Expires, new LocalReply(call));
        call.Turn = turn;
        return turn;
    }

    private async Task RouteAsync(PendingCall call)
    {
        try
        {
            if (call.Forwards > 0)
            {
                // The first time, the caller's view was out of date. Later, the grain is on its way to somewhere.
                await membership.RefreshAsync();
                await Task.Delay(RetryDelay * (call.Forwards - 1), time);
            }
            while (!call.IsDone && !await TryRouteAsync(call))
            {
            }
        }
        catch (Exception e)
        {
            call.Fail(e);
        }
    }

    /// <returns>False when the grain's silo turned out to be dead: it must be found again.</returns>
    private async Task<bool> TryRouteAsync(PendingCall call)
    {
        var place = await locator.LocateAsync(call);
        if (_isStopped)
            throw Stopped(call);
        if (place.Silo.Equals(membership.Self.Silo))
        {
            DeliverHere(call);
            return true;
        }
        if (!membership.Members.TryGetValue(place.Silo, out var member))
        {
            locator.Correct(call.Target, null);
            await membership.RefreshAsync();
            return false;
        }
        return await FinishSendAsync(call, member, BeginSend(call, member, place.MayActivate));
    }

    private void DeliverHere(PendingCall call)
    {
        if (!manifest.TryGetClass(call.Target.Type, out var grainClass))
            throw new OrleansMessageRejectionException($"Silo {membership.Self.Silo} does not have the grain class of {call.Target}.");
        var content = codec.ReadPayload(call.Payload!, call.Method);
        catalog.Deliver(call.Target, grainClass, TurnOf(call, content.Arguments, content.RequestContext));
    }

    // Calls of one caller to one grain keep their order where there is nothing to find out first.
    private void SendNow(PendingCall call, Member member)
    {
        var sent = BeginSend(call, member, mayActivate: false);
        if (sent.IsCompletedSuccessfully)
            OnSent(call, member.Silo);
        else
            work.RunAsync(() => ContinueAsync(call, member, sent));
    }

    // The connection may have been lost between the sending and this: then OnSiloLost did not see the call.
    private void OnSent(PendingCall call, SiloAddress silo)
    {
        call.MarkUnderWay(true);
        if (_losses.GetValueOrDefault(silo) != call.LossesBefore)
            call.Fail(Lost(call, silo));
    }

    private async Task ContinueAsync(PendingCall call, Member member, Task sent)
    {
        try
        {
            if (!await FinishSendAsync(call, member, sent))
                await RouteAsync(call);
        }
        catch (Exception e)
        {
            call.Fail(e);
        }
    }

    private Task BeginSend(PendingCall call, Member member, bool mayActivate)
    {
        call.Id = Interlocked.Increment(ref _lastId);
        call.SentTo = member.Silo;
        call.MarkUnderWay(false);
        call.LossesBefore = _losses.GetValueOrDefault(member.Silo);
        _sent[call.Id] = call;
        if (!call.IsDone)
            return transport.SendAsync(member, FrameKind.Request, codec.WriteRequestHead(call, mayActivate), call.Payload);
        Forget(call);
        return Task.CompletedTask;
    }

    /// <returns>False when nothing was sent, because the silo is leaving or gone.</returns>
    private async Task<bool> FinishSendAsync(PendingCall call, Member member, Task sent)
    {
        try
        {
            await sent;
            OnSent(call, member.Silo);
            return true;
        }
        catch (ConnectFailedException e)
        {
            Forget(call);
            locator.Correct(call.Target, null);
            await membership.RefreshAsync();
            if (membership.IsAlive(member.Silo) && membership.Members.GetValueOrDefault(member.Silo)?.Status == SiloStatus.Active)
                throw new SiloUnavailableException($"Silo {member.Silo} is alive but does not take connections; {call} was not sent.", e);

            // It is leaving, or gone: its grains will be elsewhere in a moment.
            await Task.Delay(RetryDelay, time);
            return false;
        }
        catch (ConnectionLostException e)
        {
            throw new SiloUnavailableException($"The connection to silo {member.Silo} was lost while {call} was sent.", e);
        }
    }

    private async Task TrySendAsync(Member member, FrameKind kind, byte[] body)
    {
        try
        {
            await transport.SendAsync(member, kind, body, default);
        }
        catch (IOException)
        {
            // Who is gone need not be told.
        }
    }

    /// <summary>Hands results over as copies, as they would arrive from another silo.</summary>
    private sealed class LocalReply(PendingCall call) : ICallReply
    {
        public void Complete(object? result)
        {
            try
            {
                call.Complete(call.Method.Result?.Copy(result));
            }
            catch (Exception e)
            {
                call.Fail(e);
            }
        }

        public void Fail(Exception exception) => call.Fail(exception);

        public void Refuse(TurnRefusal refusal) => call.Refuse(refusal);
    }
}
