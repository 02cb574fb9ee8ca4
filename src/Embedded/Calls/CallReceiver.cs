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
    ActivationCatalog catalog, CallCodec codec, IActivationDirectory directory, IClusterMembership membership, ITransport transport)
{
    private readonly ConcurrentDictionary<(SiloAddress Caller, long Id), CallTurn> _cancellable = new();

    /// <param name="body">Of a request frame; only valid during the call.</param>
    public void OnRequest(SiloAddress caller, ReadOnlyMemory<byte> body)
    {
        var id = CallCodec.ReadId(body.Span);
        try
        {
            var (mayActivate, method, content) = codec.ReadRequest(body.Span);
            var turn = new CallTurn(method, content, new RemoteReply(codec, id, method, response => Send(caller, id, response)));
            if (method.CancellationIndex >= 0)
                _cancellable[(caller, id)] = turn;
            Deliver(content.Target, turn, mayActivate);
        }
        catch (Exception e)
        {
            var fault = new OrleansException($"Silo {membership.Self.Silo} cannot take the call: {e.Message}", e);
            Send(caller, id, codec.WriteRefusal(id, new TurnRefusal(RefusalReason.Failed, Fault: fault)));
        }
    }

    public void OnCancel(SiloAddress caller, ReadOnlyMemory<byte> body)
    {
        if (_cancellable.TryGetValue((caller, CallCodec.ReadId(body.Span)), out var turn))
            turn.Cancel();
    }

    private void Deliver(GrainId target, CallTurn turn, bool mayActivate)
    {
        if (catalog.TryDeliver(target, turn))
            return;
        var self = membership.Self.Silo;
        var owner = mayActivate ? self : directory.Find(target);
        if (self.Equals(owner))
            catalog.Deliver(target, turn);
        else
            turn.Refuse(new TurnRefusal(RefusalReason.Elsewhere, owner));
    }

    private void Send(SiloAddress caller, long id, byte[] response)
    {
        _cancellable.TryRemove((caller, id), out _);
        _ = transport.TellAsync(caller, FrameKind.Response, response);
    }

    private sealed class RemoteReply(CallCodec codec, long id, GrainMethod method, Action<byte[]> send) : ICallReply
    {
        public void Complete(object? result) => send(codec.WriteResult(id, method, result));

        public void Refuse(TurnRefusal refusal) => send(codec.WriteRefusal(id, refusal));
    }
}
