namespace OrleansInference.Embedded.Serialization;

/// <summary>Numbers objects in the order they are first seen. Small messages need no dictionary.</summary>
internal sealed class ReferenceTable
{
    private const int LinearLimit = 8;

    private List<object>? _objects;
    private Dictionary<object, int>? _indexes;

    /// <summary>Whether the object was seen before. If not, it has a number from now on.</summary>
    public bool TryGetIndex(object value, out int index)
    {
        if (_indexes is not null)
        {
            if (_indexes.TryGetValue(value, out index))
                return true;
            _indexes.Add(value, _indexes.Count);
            return false;
        }
        _objects ??= new List<object>(LinearLimit);
        for (index = 0; index < _objects.Count; index++)
        {
            if (ReferenceEquals(_objects[index], value))
                return true;
        }
        _objects.Add(value);
        if (_objects.Count > LinearLimit)
            Index(_objects);
        return false;
    }

    private void Index(List<object> objects)
    {
        _indexes = new Dictionary<object, int>(objects.Count * 2, ReferenceEqualityComparer.Instance);
        foreach (var value in objects)
            _indexes.Add(value, _indexes.Count);
    }
}

/// <summary>The byte before a value of a reference type.</summary>
internal static class ReferenceMark
{
    public const byte Null = 0;

    /// <summary>Of exactly the declared type.</summary>
    public const byte Exact = 1;

    /// <summary>Its type follows.</summary>
    public const byte Typed = 2;

    /// <summary>The number of an earlier object follows.</summary>
    public const byte Repeated = 3;
}
