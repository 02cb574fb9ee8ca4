using Orleans.Runtime;
using OrleansInference.Embedded.Activations;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Calls;

/// <summary>A call that its caller waits for. One of these ends it: result, failure, timeout, cancellation, loss of the silo.</summary>
/// <param name="timeout">How long the caller waits.</param>
internal abstract class PendingCall(CallRouter router, GrainReference target, GrainMethod method, object?[] arguments, TimeSpan timeout)
    : ICallReply
{
    private int _isDone;
    private ITimer? _timer;
    private CancellationTokenRegistration _cancellation;

    public long Id { get; } = router.NextId();

    public GrainInterfaceType InterfaceType => target.InterfaceType;

    public GrainMethod Method => method;

    /// <summary>Its arguments are the caller's own until they are copied or taken down as <see cref="Payload"/>.</summary>
    public CallContent Content { get; set; } = new(target.GrainId, router.TimestampAfter(timeout), RequestContext.Current, arguments);

    /// <summary>The content as it was when the call was made.</summary>
    public byte[]? Payload { get; set; }

    /// <summary>The silo that has the call, if that is another one.</summary>
    public SiloAddress? SentTo { get; set; }

    /// <summary>The call's turn, if it is on this silo.</summary>
    public CallTurn? Turn { get; set; }

    /// <summary>How often the grain turned out not to be where the call went.</summary>
    public int Forwards { get; set; }

    public bool IsDone => Volatile.Read(ref _isDone) != 0;

    /// <summary>Starts the clock, and follows the caller's cancellation token.</summary>
    public void Watch()
    {
        _timer = router.Time.CreateTimer(static call => ((PendingCall)call!).OnTimeout(), this, timeout, Timeout.InfiniteTimeSpan);
        if (method.CancellationIndex >= 0 && arguments[method.CancellationIndex] is CancellationToken token)
            _cancellation = token.UnsafeRegister(static (call, token) => ((PendingCall)call!).OnCancelled(token), this);
        if (IsDone)
            StopWatching();
    }

    /// <summary>Hands the result of a turn on this silo over as a copy, as it would arrive from another silo.</summary>
    public void Complete(object? result) => Finish(method.Result?.Copy(result));

    public abstract void Finish(object? result);

    public void Fail(Exception exception)
    {
        if (!TryFinish())
            return;
        if (method.IsOneWay)
            router.OnOneWayFailed(this, exception);
        else
            SetException(exception);
    }

    public void Refuse(TurnRefusal refusal)
    {
        if (refusal.Reason == RefusalReason.Failed)
            Fail(refusal.Fault!);
        else
            router.Reroute(this, refusal);
    }

    public override string ToString() => $"{method.Name} of grain {target.GrainId}";

    protected abstract void SetException(Exception exception);

    protected abstract void SetCancelled(CancellationToken token);

    protected bool TryFinish()
    {
        if (Interlocked.Exchange(ref _isDone, 1) != 0)
            return false;
        StopWatching();
        router.Forget(this);
        return true;
    }

    private void StopWatching()
    {
        _timer?.Dispose();
        _cancellation.Unregister();
    }

    private void OnTimeout()
    {
        var place = SentTo is { } silo ? $"The call was sent to silo {silo}." : Turn is null ? "" : "The call waits on this silo.";
        Fail(new TimeoutException($"Response did not arrive on time in {timeout} for message: {this}. {place}"));
    }

    private void OnCancelled(CancellationToken token)
    {
        if (!TryFinish())
            return;
        router.Cancel(this);
        SetCancelled(token);
    }
}

internal sealed class PendingCall<T>(CallRouter router, GrainReference target, GrainMethod method, object?[] arguments, TimeSpan timeout)
    : PendingCall(router, target, method, arguments, timeout)
{
    private readonly TaskCompletionSource<T> _completion = new(router.Completion);

    public Task<T> Task => _completion.Task;

    public override void Finish(object? result)
    {
        if (TryFinish())
            _completion.SetResult((T)result!);
    }

    protected override void SetException(Exception exception) => _completion.SetException(exception);

    protected override void SetCancelled(CancellationToken token) => _completion.SetCanceled(token);
}
