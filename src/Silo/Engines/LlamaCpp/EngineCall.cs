using System.Threading.Tasks.Sources;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>
/// A call that is made for every token: it is used again once its result was taken. Whoever awaits it goes on at once, on the engine's
/// thread, where the next call can be made without a change of threads; so what follows the await must never block.
/// </summary>
internal sealed class EngineCall<TInput, TResult>(EngineThread thread, Func<TInput, TResult> work)
    : EngineCommand, IValueTaskSource<TResult>
{
    private ManualResetValueTaskSourceCore<TResult> _completion;
    private EngineCall<TInput, TResult>? _idle;
    private EngineCall<TInput, TResult>? _origin;
    private TInput _input = default!;
    private CancellationToken _cancellation;

    /// <summary>Makes the call, by way of an earlier one that has ended if there is one.</summary>
    public ValueTask<TResult> RunAsync(TInput input, CancellationToken cancellation)
    {
        var call = Interlocked.Exchange(ref _idle, null) ?? new EngineCall<TInput, TResult>(thread, work) { _origin = this };
        (call._input, call._cancellation) = (input, cancellation);
        var result = new ValueTask<TResult>(call, call._completion.Version);
        thread.Enqueue(call);
        return result;
    }

    public override void Execute()
    {
        if (_cancellation.IsCancellationRequested)
        {
            _completion.SetException(new OperationCanceledException(_cancellation));
            return;
        }
        TResult result;
        try
        {
            result = work(_input);
        }
        catch (Exception error)
        {
            _completion.SetException(error);
            return;
        }
        _completion.SetResult(result);
    }

    public override void Refuse(Exception reason) => _completion.SetException(reason);

    TResult IValueTaskSource<TResult>.GetResult(short token)
    {
        try
        {
            return _completion.GetResult(token);
        }
        finally
        {
            _completion.Reset();
            _input = default!;
            Volatile.Write(ref _origin!._idle, this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<TResult>.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource<TResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);
}
