using Orleans.Runtime;
using OrleansInference.Embedded.Activations;
using OrleansInference.Embedded.Manifest;

namespace OrleansInference.Embedded.Calls;

/// <summary>A call that its caller waits for. One of these ends it: result, failure, timeout, cancellation, loss of the silo.</summary>
internal abstract class PendingCall(CallRouter router, GrainReference target, GrainMethod method, object?[] arguments) : ICallReply
{
    private readonly TimeSpan _timeout = method.ResponseTimeout ?? router.ResponseTimeout;
    private int _isDone;
    private ITimer? _timer;
    private CancellationTokenRegistration _cancellation;

    public long Id { get; } = router.NextId();

    public GrainId Target { get; } = target.GrainId;

    public GrainInterfaceType InterfaceType { get; } = target.InterfaceType;

    public GrainMethod Method { get; } = method;

    public Dictionary<string, object>? RequestContext { get; } = Orleans.Runtime.RequestContext.Current;

    /// <summary>The caller's own until they are copied or taken down as <see cref="Payload"/>.</summary>
    public object?[] Arguments { get; set; } = arguments;

    /// <summary>Context and arguments as they were when the call was made.</summary>
    public byte[]? Payload { get; set; }

    /// <summary>Timestamp from which nobody waits any more.</summary>
    public long Expires { get; private set; }

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
        Expires = router.Time.GetTimestamp() + (long)(_timeout.TotalSeconds * router.Time.TimestampFrequency);
        _timer = router.Time.CreateTimer(static call => ((PendingCall)call!).OnTimeout(), this, _timeout, Timeout.InfiniteTimeSpan);
        if (Method.CancellationIndex >= 0 && Arguments[Method.CancellationIndex] is CancellationToken token)
            _cancellation = token.UnsafeRegister(static (call, token) => ((PendingCall)call!).OnCancelled(token), this);
        if (IsDone)
            StopWatching();
    }

    /// <summary>Hands the result of a turn on this silo over as a copy, as it would arrive from another silo.</summary>
    public void Complete(object? result)
    {
        try
        {
            Finish(Method.Result?.Copy(result));
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    public abstract void Finish(object? result);

    public void Fail(Exception exception)
    {
        if (!TryFinish())
            return;
        if (Method.IsOneWay)
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

    public override string ToString() => $"{Method.Name} of grain {Target}";

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
        Fail(new TimeoutException($"Response did not arrive on time in {_timeout} for message: {this}. {place}"));
    }

    private void OnCancelled(CancellationToken token)
    {
        if (!TryFinish())
            return;
        router.Cancel(this);
        SetCancelled(token);
    }
}

internal sealed class PendingCall<T>(CallRouter router, GrainReference target, GrainMethod method, object?[] arguments)
    : PendingCall(router, target, method, arguments)
{
    private readonly TaskCompletionSource<T> _completion = new(router.Completion);

    public Task<T> Task => _completion.Task;

    public override void Finish(object? result)
    {
        var value = (T)result!;
        if (TryFinish())
            _completion.SetResult(value);
    }

    protected override void SetException(Exception exception) => _completion.SetException(exception);

    protected override void SetCancelled(CancellationToken token) => _completion.SetCanceled(token);
}
