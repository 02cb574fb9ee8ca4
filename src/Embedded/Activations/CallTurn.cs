using Orleans.Runtime;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Activations;

/// <summary>A call that has reached its grain's silo.</summary>
internal sealed class CallTurn(GrainMethod method, CallContent content, ICallReply reply) : Turn(method.AlwaysInterleaves, keepsAlive: true)
{
    private readonly CancellationTokenSource? _cancellation = method.CancellationIndex >= 0 ? new() : null;
    private Activation? _activation;

    public IReadOnlyList<object?> Arguments => content.Arguments;

    public Dictionary<string, object>? RequestContext => content.RequestContext;

    /// <summary>Has the grain see the cancellation, between the steps of its turns if it is at work on the call.</summary>
    public void Cancel()
    {
        if (_cancellation is null)
            return;
        if (Volatile.Read(ref _activation) is { } activation)
            activation.Post(_cancellation.Cancel);
        else
            _cancellation.Cancel();
    }

    public override async Task RunAsync(Activation activation)
    {
        Volatile.Write(ref _activation, activation);
        try
        {
            if (activation.Host.Time.GetTimestamp() > content.Expires)
                throw new TimeoutException($"The call to {method.Name} waited for its turn longer than its caller waits.");
            if (_cancellation is not null)
            {
                _cancellation.Token.ThrowIfCancellationRequested();
                content.Arguments[method.CancellationIndex] = _cancellation.Token;
            }
            Orleans.Runtime.RequestContext.Current = content.RequestContext;
            var task = method.Invoke(activation.TargetOf(method), content.Arguments)
                ?? throw new InvalidOperationException($"{method.Name} of grain {activation.GrainId} returned null instead of a task.");
            await task;
            reply.Complete(method.ResultOf(task));
        }
        catch (Exception e)
        {
            reply.Refuse(new TurnRefusal(RefusalReason.Failed, Fault: e));
        }
    }

    public override void Refuse(TurnRefusal refusal) => reply.Refuse(refusal);
}

/// <summary>Where the outcome of a call goes: to the caller here, or over the connection to its silo.</summary>
internal interface ICallReply
{
    void Complete(object? result);

    void Refuse(TurnRefusal refusal);
}
