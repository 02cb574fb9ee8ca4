using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Serialization;

/// <summary>What is known of a message while it is written or read, on the thread that does so: which objects were seen.</summary>
internal sealed class Message : ReferenceResolver, IDisposable
{
    [ThreadStatic]
    private static Message? _current;

    private readonly Message? _outer = _current;
    private Dictionary<object, string>? _ids;
    private Dictionary<string, object>? _objects;
    private List<object?>? _shared;

    /// <param name="bindReference">Makes a grain reference that calls through the receiving silo.</param>
    public Message(Func<GrainId, Type, object>? bindReference)
    {
        BindReference = bindReference;
        _current = this;
    }

    public static Message Current => _current ?? throw new InvalidOperationException("No message is written or read.");

    public Func<GrainId, Type, object>? BindReference { get; set; }

    public void Dispose() => _current = _outer;

    public override string GetReference(object value, out bool alreadyExists)
    {
        _ids ??= new(ReferenceEqualityComparer.Instance);
        alreadyExists = _ids.TryGetValue(value, out var id);
        if (id is null)
            _ids.Add(value, id = $"{_ids.Count}");
        return id;
    }

    public override void AddReference(string referenceId, object value)
    {
        if (!(_objects ??= new(StringComparer.Ordinal)).TryAdd(referenceId, value))
            throw new JsonException($"Two objects are number {referenceId}.");
    }

    public override object ResolveReference(string referenceId) => _objects?.GetValueOrDefault(referenceId)
        ?? throw new JsonException($"The message refers to object {referenceId}, which it does not hold.");

    /// <summary>Takes a value along as it is, under a number.</summary>
    public int Share(object? value)
    {
        (_shared ??= []).Add(value);
        return _shared.Count - 1;
    }

    public object? Shared(int index) => _shared![index];
}

/// <summary>Has shared and circular references stay so.</summary>
internal sealed class MessageReferences : ReferenceHandler
{
    public override ReferenceResolver CreateResolver() => Message.Current;
}
