using System.Diagnostics.CodeAnalysis;

namespace OrleansInference.DataPlane.Connections;

/// <summary>
/// A queue of many writers and one reader, bounded by the bytes it holds: who finds it full waits in line, without a thread. One item
/// larger than the bound is let in when the queue is empty, so that nothing waits for ever.
/// </summary>
internal sealed class BoundedQueue<T>(long capacityBytes)
    where T : class, IDisposable
{
    /// <summary>What an item costs beside its bytes, so that tiny ones are bounded in number too.</summary>
    private const int ItemBytes = 64;

    private readonly Lock _lock = new();
    private readonly Queue<(T Item, long Bytes)> _items = new();
    private readonly LinkedList<Waiter> _waiters = new();
    private TaskCompletionSource? _reader;
    private long _bytes;
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

    /// <summary>Waits for something to do: an item, a pulse, or the end.</summary>
    /// <returns>False when there is nothing left and nothing will come.</returns>
    public async ValueTask<bool> WaitAsync()
    {
        while (true)
        {
            Task woken;
            lock (_lock)
            {
                if (_items.Count > 0 || _pulsed)
                {
                    _pulsed = false;
                    return true;
                }

                if (_completed)
                    return false;
                _reader = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                woken = _reader.Task;
            }

            await woken;
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
        _reader?.TrySetResult();
        _reader = null;
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
