namespace OrleansInference.DataPlane.Frames;

/// <summary>Up to so many frames that wait to be rented again. Thread-safe.</summary>
internal sealed class RentalStack<T>(int capacity)
    where T : class
{
    private readonly Lock _lock = new();
    private readonly Stack<T> _items = new(capacity);

    public T? TryPop()
    {
        lock (_lock)
            return _items.TryPop(out var item) ? item : null;
    }

    public void Push(T item)
    {
        lock (_lock)
        {
            if (_items.Count < capacity)
                _items.Push(item);
        }
    }
}
