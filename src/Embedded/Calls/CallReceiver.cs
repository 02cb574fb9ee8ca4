using System.Collections.Concurrent;
using Orleans.Runtime;
using OrleansInference.Embedded.Activations;
using OrleansInference.Embedded.Directory;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Transport;

namespace OrleansInference.Embedded.Calls;

/// <summary>The grain's side: takes calls from other silos to their activations, and sends the outcomes back.</summary>
internal sealed class CallReceiver(
    ActivationCatalog catalog,
    GrainManifest manifest,
    CallCodec codec,
    IActivationDirectory directory,
    IClusterMembership membership,
    ITransport transport)
{
    private readonly ConcurrentDictionary<(SiloAddress Caller, long Id), CallTurn> _cancellable = new();

    /// <param name="body">Of a request frame; only valid during the call.</param>
    public void OnRequest(SiloAddress caller, ReadOnlyMemory<byte> body)
    {
        var call = codec.ReadRequest(body);
        try
        {
            var method = manifest.FindMethod(call.MethodId);
            var content = codec.ReadPayload(call.Content, method);
            var reply = new RemoteReply(this, caller, call.Id, method);
            var turn = new CallTurn(method, content.Arguments, content.RequestContext, call.Expires, reply);
            if (method.CancellationIndex >= 0)
                _cancellable[(caller, call.Id)] = turn;
            Deliver(call, turn);
        }
        catch (Exception e)
        {
            var fault = new OrleansException($"The call to grain {call.Target} cannot be taken: {e.Message}", e);
            Refuse(caller, call.Id, new TurnRefusal(RefusalReason.Failed, Fault: fault));
        }
    }

    public void OnCancel(SiloAddress caller, ReadOnlyMemory<byte> body)
    {
        if (_cancellable.TryGetValue((caller, CallCodec.ReadId(body.Span)), out var turn))
            turn.Cancel();
    }

    private void Deliver(IncomingCall call, CallTurn turn)
    {
        if (!catalog.IsClosed && catalog.TryDeliver(call.Target, turn))
            return;
        var self = membership.Self.Silo;
        var owner = call.MayActivate ? self : directory.Find(call.Target);
        if (!self.Equals(owner))
            turn.Refuse(new TurnRefusal(RefusalReason.Elsewhere, owner));
        else if (manifest.TryGetClass(call.Target.Type, out var grainClass))
            catalog.Deliver(call.Target, grainClass, turn);
        else
            turn.Refuse(new TurnRefusal(RefusalReason.Elsewhere));
    }

    private void Complete(SiloAddress caller, long id, GrainMethod method, object? result) =>
        Send(caller, id, codec.WriteResult(id, method, result));

    private void Refuse(SiloAddress caller, long id, TurnRefusal refusal) => Send(caller, id, codec.WriteRefusal(id, refusal));

    private void Send(SiloAddress caller, long id, byte[] response)
    {
        _cancellable.TryRemove((caller, id), out _);
        _ = transport.TellAsync(caller, FrameKind.Response, response);
    }

    private sealed class RemoteReply(CallReceiver receiver, SiloAddress caller, long id, GrainMethod method) : ICallReply
    {
        public void Complete(object? result)
        {
            try
            {
                receiver.Complete(caller, id, method, result);
            }
            catch (Exception e)
            {
                Fail(new OrleansException($"The result of {method.Name} cannot be sent: {e.Message}", e));
            }
        }

        public void Fail(Exception exception) => Refuse(new TurnRefusal(RefusalReason.Failed, Fault: exception));

        public void Refuse(TurnRefusal refusal) => receiver.Refuse(caller, id, refusal);
    }
}
