namespace OrleansInference.Embedded.Serialization;

/// <summary>The copies made so far, so that shared and circular references stay what they are.</summary>
internal sealed class CopyContext
{
    private Dictionary<object, object>? _copies;
    private int _depth;

    public bool TryGetCopy(object original, out object? copy)
    {
        copy = null;
        return _copies is not null && _copies.TryGetValue(original, out copy);
    }

    public void SetCopy(object original, object copy)
    {
        _copies ??= new Dictionary<object, object>(ReferenceEqualityComparer.Instance);
        _copies[original] = copy;
    }

    public void Enter(Type type)
    {
        if (++_depth > WireWriter.MaximumDepth)
            throw new InvalidOperationException($"{type} is nested more than {WireWriter.MaximumDepth} deep and cannot be sent.");
    }

    public void Leave() => _depth--;
}
