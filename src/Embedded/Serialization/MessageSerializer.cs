using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Writes, reads and copies what travels, as JSON.</summary>
internal sealed class MessageSerializer
{
    /// <summary>Nesting beyond this is refused before it can overflow the stack.</summary>
    private const int MaximumDepth = 256;

    private readonly MessageTypes _types;
    private readonly JsonSerializerOptions _plain;
    private readonly JsonSerializerOptions _tracking;
    private readonly JsonSerializerOptions _copying;

    /// <param name="serializable">The types that may stand for a base type or object, or be type arguments of such.</param>
    public MessageSerializer(IEnumerable<Type> serializable)
    {
        _types = new MessageTypes(serializable);
        _plain = NewOptions(null, []);
        _tracking = NewOptions(new MessageReferences(), []);
        _copying = NewOptions(new MessageReferences(), [new SharedConverters(_types)]);
    }

    /// <exception cref="UnsupportedTypeException">The type, or a type in it, cannot be sent.</exception>
    public MessageFormat For(Type type)
    {
        _types.Check(type);
        return NewFormat([type], isShared: _types.IsImmutable(type), options => options.GetTypeInfo(type));
    }

    /// <summary>For the <see cref="CallContent"/> of a method with these parameters.</summary>
    /// <exception cref="UnsupportedTypeException">The type of a parameter, or a type in it, cannot be sent.</exception>
    public MessageFormat ForArguments(IReadOnlyList<ParameterInfo> parameters)
    {
        var sent = parameters.Where(parameter => parameter.ParameterType != typeof(CancellationToken)).ToList();
        foreach (var parameter in sent)
            _types.Check(parameter.ParameterType);
        return NewFormat(
            [.. sent.Select(parameter => parameter.ParameterType)],
            isShared: sent.TrueForAll(parameter => CallContent.IsMarkedImmutable(parameter) || _types.IsImmutable(parameter.ParameterType)),
            options => CallContent.Describe(parameters, options));
    }

    // What never changes cannot come to refer to itself.
    private MessageFormat NewFormat(Type[] types, bool isShared, Func<JsonSerializerOptions, JsonTypeInfo> describe) => new(
        isShared,
        new(() => describe(Array.TrueForAll(types, _types.IsImmutable) ? _plain : _tracking)),
        new(() => describe(_copying)));

    private JsonSerializerOptions NewOptions(ReferenceHandler? references, IEnumerable<JsonConverter> first)
    {
        var options = new JsonSerializerOptions
        {
            TypeInfoResolver = new MessageContracts(_types),
            ReferenceHandler = references,
            MaxDepth = MaximumDepth,
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        JsonConverter[] converters =
        [
            .. first, .. TextConverters.All, new AnyConverter(_types), new GrainReferenceConverters(), new ExceptionConverters(),
            new CollectionConverters(),
        ];
        foreach (var converter in converters)
            options.Converters.Add(converter);
        return options;
    }
}

/// <summary>How values of one declared type travel.</summary>
internal sealed class MessageFormat(bool isShared, Lazy<JsonTypeInfo> sent, Lazy<JsonTypeInfo> copied)
{
    /// <exception cref="InvalidOperationException">The value cannot be sent, or takes more bytes.</exception>
    public byte[] Write(object? value, int maximumBytes)
    {
        using var _ = new Message(null);
        var bytes = Write(value, sent.Value);
        return bytes.Length <= maximumBytes
            ? bytes
            : throw new InvalidOperationException($"The message is larger than {maximumBytes:N0} bytes, the most that may be sent.");
    }

    /// <param name="bindReference">Makes a grain reference that calls through the receiving silo.</param>
    /// <exception cref="InvalidDataException">The message is not what this writes.</exception>
    public object? Read(ReadOnlySpan<byte> message, Func<GrainId, Type, object> bindReference)
    {
        try
        {
            using var _ = new Message(bindReference);
            return JsonSerializer.Deserialize(message, sent.Value);
        }
        catch (Exception e)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }

    /// <summary>The value as it would arrive at another silo, but for what never changes.</summary>
    public object? Copy(object? value)
    {
        if (isShared)
            return value;
        using var _ = new Message(null);
        return JsonSerializer.Deserialize(Write(value, copied.Value), copied.Value);
    }

    private static byte[] Write(object? value, JsonTypeInfo type)
    {
        try
        {
            return JsonSerializer.SerializeToUtf8Bytes(value, type);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InvalidOperationException($"A {type.Type} cannot be sent: {e.Message}", e);
        }
    }
}
