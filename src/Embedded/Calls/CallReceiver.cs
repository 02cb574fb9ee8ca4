using System.Collections.Concurrent;
using Orleans.Runtime;
using OrleansInference.Embedded.Activations;
using OrleansInference.Embedded.Directory;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Scheduling;
using OrleansInference.Embedded.Serialization;
using OrleansInference.Embedded.Transport;

namespace OrleansInference.Embedded.Calls;

/// <summary>The grain's side: takes calls from other silos to their activations, and sends the outcomes back.</summary>
internal sealed class CallReceiver(
    ActivationCatalog catalog,
    GrainManifest manifest,
    CallCodec codec,
    IActivationDirectory directory,
    IClusterMembership membership,
    ITransport transport,
    IWorkQueue work)
{
    private readonly CallCodec _codec = codec;
    private readonly ConcurrentDictionary<(SiloAddress Caller, long Id), CallTurn> _cancellable = new();

    /// <param name="body">Of a request frame; only valid during the call.</param>
    public void OnRequest(SiloAddress caller, ReadOnlyMemory<byte> body)
    {
        var call = _codec.ReadRequest(body);
        var reply = new RemoteReply(this, caller, call.Id);
        GrainMethod method;
        CallContent content;
        try
        {
            (method, content) = _codec.ReadContent(call);
        }
        catch (Exception e)
        {
            reply.Fail(new OrleansException($"The call to grain {call.Target} cannot be read: {e.Message}", e));
            return;
        }
        reply.Method = method;
        var turn = new CallTurn(method, content.Arguments, content.RequestContext, call.Expires, reply);
        if (method.CancellationIndex >= 0)
            _cancellable[(caller, call.Id)] = turn;
        if (catalog.IsClosed)
            turn.Refuse(new TurnRefusal(RefusalReason.Elsewhere));
        else if (!catalog.TryDeliver(call.Target, turn))
            work.RunAsync(() => DeliverAsync(call, turn));
    }

    public void OnCancel(SiloAddress caller, ReadOnlyMemory<byte> body)
    {
        if (_cancellable.TryGetValue((caller, CallCodec.ReadId(body.Span)), out var turn))
            turn.Cancel();
    }

    private Task DeliverAsync(IncomingCall call, CallTurn turn)
    {
        try
        {
            if (!manifest.TryGetClass(call.Target.Type, out var grainClass))
                turn.Refuse(new TurnRefusal(RefusalReason.Elsewhere));
            else if (call.MayActivate || membership.Self.Silo.Equals(directory.Find(call.Target)))
                catalog.Deliver(call.Target, grainClass, turn);
            else
                turn.Refuse(new TurnRefusal(RefusalReason.Elsewhere, directory.Find(call.Target)));
        }
        catch (Exception e)
        {
            turn.Refuse(new TurnRefusal(RefusalReason.Failed, Fault: e));
        }
        return Task.CompletedTask;
    }

    private void Send(SiloAddress caller, byte[] response)
    {
        if (!membership.Members.TryGetValue(caller, out var member))
        {
            work.RunAsync(() => SendToNewcomerAsync(caller, response));
            return;
        }
        var sent = transport.SendAsync(member, FrameKind.Response, response, default);
        if (!sent.IsCompletedSuccessfully)
            work.RunAsync(() => FinishSendAsync(sent));
    }

    // A caller that has just joined may be heard before it is seen.
    private async Task SendToNewcomerAsync(SiloAddress caller, byte[] response)
    {
        await membership.RefreshAsync();
        if (membership.Members.TryGetValue(caller, out var member))
            await FinishSendAsync(transport.SendAsync(member, FrameKind.Response, response, default));
    }

    private static async Task FinishSendAsync(Task sent)
    {
        try
        {
            await sent;
        }
        catch (IOException)
        {
            // The caller's silo is gone, and the caller with it.
        }
    }

    private sealed class RemoteReply(CallReceiver receiver, SiloAddress caller, long id) : ICallReply
    {
        public GrainMethod? Method { get; set; }

        public void Complete(object? result)
        {
            byte[] response;
            try
            {
                response = receiver._codec.WriteResult(id, Method!, result);
            }
            catch (Exception e)
            {
                response = receiver._codec.WriteFailure(
                    id, new OrleansException($"The result of {Method!.Name} cannot be sent: {e.Message}", e));
            }
            Send(response);
        }

        public void Fail(Exception exception) => Send(receiver._codec.WriteFailure(id, exception));

        public void Refuse(TurnRefusal refusal)
        {
            if (refusal.Reason == RefusalReason.Failed)
                Fail(refusal.Fault!);
            else
                Send(receiver._codec.WriteRefusal(id, refusal));
        }

        private void Send(byte[] response)
        {
            if (Method is { CancellationIndex: >= 0 })
                receiver._cancellable.TryRemove((caller, id), out _);
            receiver.Send(caller, response);
        }
    }
}
