using Orleans.Runtime;
using OrleansInference.Embedded.Activations;
using OrleansInference.Embedded.Manifest;

namespace OrleansInference.Embedded.Calls;

/// <summary>A call that its caller waits for. One of these ends it: result, failure, timeout, cancellation, loss of the silo.</summary>
internal abstract class PendingCall : ICallReply
{
    private readonly CallRouter _router;
    private int _isDone;
    private int _isUnderWay;
    private ITimer? _timer;
    private CancellationTokenRegistration _cancellation;

    protected PendingCall(CallRouter router, GrainReference target, GrainMethod method, object?[] arguments)
    {
        _router = router;
        Target = target.GrainId;
        InterfaceType = target.InterfaceType;
        Method = method;
        Arguments = arguments;
        RequestContext = Orleans.Runtime.RequestContext.Current;
        Timeout = method.ResponseTimeout ?? router.ResponseTimeout;
        Expires = router.Time.GetTimestamp() + (long)(Timeout.TotalSeconds * router.Time.TimestampFrequency);
    }

    public long Id { get; set; }

    public GrainId Target { get; }

    public GrainInterfaceType InterfaceType { get; }

    public GrainMethod Method { get; }

    public Dictionary<string, object>? RequestContext { get; }

    public TimeSpan Timeout { get; }

    /// <summary>Timestamp from which nobody waits any more.</summary>
    public long Expires { get; }

    /// <summary>The caller's own until they are copied or taken down as <see cref="Payload"/>.</summary>
    public object?[] Arguments { get; set; }

    /// <summary>Context and arguments as they were when the call was made.</summary>
    public byte[]? Payload { get; set; }

    /// <summary>The silo that has the call, if that is another one.</summary>
    public SiloAddress? SentTo { get; set; }

    /// <summary>How often the connection to <see cref="SentTo"/> had been lost before the call was sent.</summary>
    public int LossesBefore { get; set; }

    /// <summary>Whether the call left this silo, so that nobody knows what became of it when the connection is lost.</summary>
    public bool IsUnderWay => Volatile.Read(ref _isUnderWay) != 0;

    /// <summary>The call's turn, if it is on this silo.</summary>
    public CallTurn? Turn { get; set; }

    /// <summary>How often the grain turned out not to be where the call went.</summary>
    public int Forwards { get; set; }

    public bool IsDone => Volatile.Read(ref _isDone) != 0 || _router.Time.GetTimestamp() > Expires;

    /// <summary>Starts the clock, and follows the caller's cancellation token.</summary>
    public void Watch()
    {
        _timer = _router.Time.CreateTimer(
            static call => ((PendingCall)call!).OnTimeout(), this, Timeout, System.Threading.Timeout.InfiniteTimeSpan);
        if (Method.CancellationIndex >= 0 && Arguments[Method.CancellationIndex] is CancellationToken { CanBeCanceled: true } token)
            _cancellation = token.UnsafeRegister(static (call, token) => ((PendingCall)call!).OnCancelled(token), this);
        if (Volatile.Read(ref _isDone) != 0)
            StopWatching();
    }

    public void MarkUnderWay(bool isUnderWay) => Interlocked.Exchange(ref _isUnderWay, isUnderWay ? 1 : 0);

    public void Complete(object? result)
    {
        if (!TryFinish())
            return;
        try
        {
            SetResult(result);
        }
        catch (Exception e)
        {
            SetException(e);
        }
    }

    public void Fail(Exception exception)
    {
        if (!TryFinish())
            return;
        if (Method.IsOneWay)
            _router.OnOneWayFailed(this, exception);
        else
            SetException(exception);
    }

    public void Refuse(TurnRefusal refusal)
    {
        if (refusal.Reason == RefusalReason.Failed)
            Fail(refusal.Fault!);
        else
            _router.Reroute(this, refusal);
    }

    public override string ToString() => $"{Method.Name} of grain {Target}";

    protected abstract void SetResult(object? result);

    protected abstract void SetException(Exception exception);

    protected abstract void SetCancelled(CancellationToken token);

    private bool TryFinish()
    {
        if (Interlocked.Exchange(ref _isDone, 1) != 0)
            return false;
        StopWatching();
        _router.Forget(this);
        return true;
    }

    private void StopWatching()
    {
        _timer?.Dispose();
        _cancellation.Unregister();
    }

    private void OnTimeout()
    {
        var place = SentTo is { } silo ? $"The call was sent to silo {silo}. " : Turn is not null ? "The call waits on this silo. " : "";
        Fail(new TimeoutException($"Response did not arrive on time in {Timeout} for message: {this}. {place}"));
    }

    private void OnCancelled(CancellationToken token)
    {
        if (!TryFinish())
            return;
        _router.Cancel(this);
        SetCancelled(token);
    }
}

internal sealed class PendingCall<T>(CallRouter router, GrainReference target, GrainMethod method, object?[] arguments)
    : PendingCall(router, target, method, arguments)
{
    private readonly TaskCompletionSource<T> _completion = new(router.Completion);

    public Task<T> Task => _completion.Task;

    protected override void SetResult(object? result) => _completion.TrySetResult((T)result!);

    protected override void SetException(Exception exception) => _completion.TrySetException(exception);

    protected override void SetCancelled(CancellationToken token) => _completion.TrySetCanceled(token);
}
