using System.Net;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Writes, reads and copies what travels, as JSON.</summary>
internal sealed class MessageSerializer
{
    /// <summary>Nesting beyond this is refused before it can overflow the stack.</summary>
    private const int MaximumDepth = 256;

    private readonly JsonSerializerOptions _tracking;
    private readonly JsonSerializerOptions _plain;

    /// <param name="serializable">The types that may stand for a base type.</param>
    public MessageSerializer(IEnumerable<Type> serializable)
    {
        _tracking = new JsonSerializerOptions
        {
            TypeInfoResolver = new MessageContracts([.. serializable]),
            ReferenceHandler = new MessageReferences(),
            MaxDepth = MaximumDepth,
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            IncludeFields = true,
            Converters =
            {
                new SurrogateConverter<IPAddress, string>(address => address.ToString(), IPAddress.Parse),
                new SurrogateConverter<IPEndPoint, string>(endpoint => endpoint.ToString(), IPEndPoint.Parse),
                new SurrogateConverter<GrainId, string>(
                    id => id.ToString(), text => GrainId.Create(text.Split('/')[0], text[(text.IndexOf('/') + 1)..])),
                new Surrogates(),
                new AnyConverter(),
            },
        };
        _plain = new JsonSerializerOptions(_tracking) { ReferenceHandler = null };
    }

    /// <exception cref="UnsupportedTypeException">The type, or a type in it, cannot be sent.</exception>
    public MessageFormat For(Type type) => NewFormat([type], options => options.GetTypeInfo(type));

    /// <summary>For the <see cref="CallContent"/> of a method with these parameters.</summary>
    /// <exception cref="UnsupportedTypeException">The type of a parameter, or a type in it, cannot be sent.</exception>
    public MessageFormat ForArguments(IReadOnlyList<ParameterInfo> parameters) => NewFormat(
        [.. parameters.Select(parameter => parameter.ParameterType).Where(type => type != typeof(CancellationToken))],
        options => CallContent.Describe(parameters, options));

    // What never changes cannot come to refer to itself; not to look for that saves a large simulation a fifth of its time.
    private MessageFormat NewFormat(List<Type> parts, Func<JsonSerializerOptions, JsonTypeInfo> describe)
    {
        parts.ForEach(part => MessageTypes.Check(part));
        var isImmutable = parts.TrueForAll(MessageTypes.IsImmutable);
        return new MessageFormat(isImmutable, new(() => describe(isImmutable ? _plain : _tracking)));
    }
}

/// <summary>How values of one declared type travel.</summary>
internal sealed class MessageFormat(bool isImmutable, Lazy<JsonTypeInfo> contract)
{
    /// <exception cref="InvalidOperationException">The value cannot be sent, or takes more bytes.</exception>
    public byte[] Write(object? value, int maximumBytes)
    {
        using var _ = new Message();
        var bytes = Write(value);
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
            using var _ = new Message { BindReference = bindReference };
            return JsonSerializer.Deserialize(message, contract.Value);
        }
        catch (Exception e)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }

    /// <summary>The value as it would arrive at another silo, but for what never changes.</summary>
    public object? Copy(object? value)
    {
        if (isImmutable)
            return value;
        using var _ = new Message { Shares = MessageTypes.IsImmutable };
        return JsonSerializer.Deserialize(Write(value), contract.Value);
    }

    private byte[] Write(object? value)
    {
        try
        {
            return JsonSerializer.SerializeToUtf8Bytes(value, contract.Value);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InvalidOperationException($"A {contract.Value.Type} cannot be sent: {e.Message}", e);
        }
    }
}
