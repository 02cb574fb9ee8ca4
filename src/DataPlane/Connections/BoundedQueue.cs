using System.Diagnostics.CodeAnalysis;
using System.Threading.Tasks.Sources;

namespace OrleansInference.DataPlane.Connections;

/// <summary>
/// A queue of many writers and one reader, bounded by the bytes it holds: who finds it full waits in line, without a thread. One item
/// larger than the bound is let in when the queue is empty, so that nothing waits for ever.
/// <para>
/// A reader that waits can be stood in for: whoever succeeds with <see cref="TryStandIn"/> does the reader's work itself, without a change
/// of threads, and nobody else, the reader included, is let at it until <see cref="StandDown"/>.
/// </para>
/// </summary>
internal sealed class BoundedQueue<T>(long capacityBytes) : IValueTaskSource<bool>
    where T : class, IDisposable
{
    /// <summary>What an item costs beside its bytes, so that tiny ones are bounded in number too.</summary>
    private const int ItemBytes = 64;

    private readonly Lock _lock = new();
    private readonly Queue<(T Item, long Bytes)> _items = new();
    private readonly LinkedList<Waiter> _waiters = new();
    private ManualResetValueTaskSourceCore<bool> _reader = new() { RunContinuationsAsynchronously = true };
    private long _bytes;
    private bool _isReaderWaiting;
    private bool _isStoodIn;
    private bool _pulsed;
    private bool _completed;
    private Func<Exception>? _failure;

    /// <summary>Adds an item, or waits for room. The item is the queue's when this succeeds, and the caller's when it throws.</summary>
    public ValueTask EnqueueAsync(T item, long itemBytes, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellation);
        var waiter = default(Waiter);
        lock (_lock)
        {
            if (_failure is not null)
                return ValueTask.FromException(_failure());
            var bytes = itemBytes + ItemBytes;
            if (_waiters.Count == 0 && HasRoom(bytes))
            {
                Add(item, bytes);
                return ValueTask.CompletedTask;
            }

            waiter = new Waiter(item, bytes);
            _waiters.AddLast(waiter.Node);
        }

        return WaitAsync(waiter, cancellation);
    }

    public bool TryDequeue([NotNullWhen(true)] out T? item)
    {
        lock (_lock)
        {
            if (!_items.TryDequeue(out var first))
            {
                item = null;
                return false;
            }

            item = first.Item;
            _bytes -= first.Bytes;
            LetWaitersIn();
            return true;
        }
    }

    /// <summary>Waits for something to do: an item, a pulse, or the end. One caller at a time.</summary>
    /// <returns>False when there is nothing left and nothing will come.</returns>
    public ValueTask<bool> WaitAsync()
    {
        lock (_lock)
        {
            if (HasWork || _completed)
                return new ValueTask<bool>(TakeWork());
            _reader.Reset();
            _isReaderWaiting = true;
            return new ValueTask<bool>(this, _reader.Version);
        }
    }

    /// <summary>Takes the place of a reader that has nothing to do, until <see cref="StandDown"/>.</summary>
    /// <returns>False when the reader is at work, or somebody stands in for it.</returns>
    public bool TryStandIn()
    {
        lock (_lock)
        {
            if (!_isReaderWaiting || _isStoodIn)
                return false;
            return _isStoodIn = true;
        }
    }

    /// <param name="pulse">Whether the reader is to go on with what was begun.</param>
    public void StandDown(bool pulse)
    {
        lock (_lock)
        {
            _isStoodIn = false;
            _pulsed |= pulse;
            WakeReader();
        }
    }

    /// <summary>Wakes the reader.</summary>
    public void Pulse()
    {
        lock (_lock)
        {
            _pulsed = true;
            WakeReader();
        }
    }

    /// <summary>Lets nothing more in, and fails who waits; what is in the queue can still be taken.</summary>
    public void Complete(Func<Exception> failure)
    {
        lock (_lock)
        {
            if (_completed)
                return;
            _completed = true;
            _failure = failure;
            foreach (var waiter in _waiters)
                waiter.TrySetException(failure());
            _waiters.Clear();
            WakeReader();
        }
    }

    /// <summary>Completes the queue, and disposes what is in it.</summary>
    public void Abort(Func<Exception> failure)
    {
        Complete(failure);
        while (TryDequeue(out var item))
            item.Dispose();
    }

    bool IValueTaskSource<bool>.GetResult(short token) => _reader.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _reader.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _reader.OnCompleted(continuation, state, token, flags);

    private async ValueTask WaitAsync(Waiter waiter, CancellationToken cancellation)
    {
        await using var registration = cancellation.UnsafeRegister((_, token) => Cancel(waiter, token), null);
        await waiter.Task;
    }

    private void Cancel(Waiter waiter, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (waiter.Node.List is null)
                return;
            _waiters.Remove(waiter.Node);
            waiter.TrySetCanceled(cancellation);
            LetWaitersIn();
        }
    }

    private bool HasRoom(long bytes) => _items.Count == 0 || _bytes + bytes <= capacityBytes;

    private bool HasWork => _items.Count > 0 || _pulsed;

    private void LetWaitersIn()
    {
        while (_waiters.First?.Value is { } waiter && HasRoom(waiter.Bytes))
        {
            _waiters.RemoveFirst();
            Add(waiter.Item, waiter.Bytes);
            waiter.TrySetResult();
        }
    }

    private void Add(T item, long bytes)
    {
        _items.Enqueue((item, bytes));
        _bytes += bytes;
        WakeReader();
    }

    private void WakeReader()
    {
        if (!_isReaderWaiting || _isStoodIn || !(HasWork || _completed))
            return;
        _isReaderWaiting = false;
        _reader.SetResult(TakeWork());
    }

    private bool TakeWork()
    {
        var hasWork = HasWork;
        _pulsed = false;
        return hasWork;
    }

    private sealed class Waiter : TaskCompletionSource
    {
        public Waiter(T item, long bytes) : base(TaskCreationOptions.RunContinuationsAsynchronously)
        {
            (Item, Bytes) = (item, bytes);
            Node = new LinkedListNode<Waiter>(this);
        }

        public T Item { get; }

        public long Bytes { get; }

        public LinkedListNode<Waiter> Node { get; }
    }
}
