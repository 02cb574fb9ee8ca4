using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Serialization;

/// <summary>What is known of a message while it is written or read, on the thread that does so: which objects were seen.</summary>
internal sealed class Message : ReferenceResolver, IDisposable
{
    [ThreadStatic]
    private static Message? _current;

    private readonly Dictionary<object, string> _ids = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, object> _objects = new(StringComparer.Ordinal);

    public Message() => _current = this;

    public static Message Current => _current ?? throw new InvalidOperationException("No message is written or read.");

    /// <summary>Makes a grain reference that calls through the silo that reads.</summary>
    public Func<GrainId, Type, object>? BindReference { get; set; }

    /// <summary>In a copy: whether objects of a type are handed over as they are.</summary>
    public Func<Type, bool>? Shares { get; init; }

    public void Dispose() => _current = null;

    public GrainId IdOf(GrainReference reference)
    {
        BindReference ??= reference.Runtime.Cast;
        return reference.GrainId;
    }

    public override string GetReference(object value, out bool alreadyExists)
    {
        alreadyExists = _ids.TryGetValue(value, out var id);
        if (id is not null)
            return id;
        _ids.Add(value, id = $"{_ids.Count}");
        if (Shares?.Invoke(value.GetType()) == true)
        {
            // Written as if it had been written already, it is found when the copy is read.
            _objects.Add(id, value);
            alreadyExists = true;
        }
        return id;
    }

    public override void AddReference(string referenceId, object value)
    {
        if (!_objects.TryAdd(referenceId, value))
            throw new JsonException($"Two objects are number {referenceId}.");
    }

    public override object ResolveReference(string referenceId) => _objects.GetValueOrDefault(referenceId)
        ?? throw new JsonException($"The message refers to object {referenceId}, which it does not hold.");
}

/// <summary>Has shared and circular references stay so.</summary>
internal sealed class MessageReferences : ReferenceHandler
{
    public override ReferenceResolver CreateResolver() => Message.Current;
}
