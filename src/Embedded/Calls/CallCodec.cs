using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Serialization;
using OrleansInference.Embedded.Activations;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Calls;

/// <summary>Calls and their outcomes as bytes.</summary>
internal sealed class CallCodec(
    CodecProvider codecs,
    GrainManifest manifest,
    GrainReferenceRuntime references,
    TimeProvider time,
    IOptions<SiloMessagingOptions> messaging)
{
    private const byte Completed = 0;
    private const byte Failed = 1;
    private const byte Refused = 2;

    private readonly Codec<object> _any = codecs.Get<object>();
    private readonly Codec<SiloAddress> _silo = codecs.Get<SiloAddress>();

    public byte[] WritePayload(PendingCall call)
    {
        using var writer = NewWriter();
        writer.WriteCount(call.RequestContext?.Count ?? 0);
        foreach (var (key, value) in call.RequestContext ?? [])
        {
            writer.WriteString(key);
            _any.Write(writer, value);
        }
        call.Method.WriteArguments(writer, call.Arguments);
        return writer.Written.ToArray();
    }

    public (Dictionary<string, object>? RequestContext, object?[] Arguments) ReadPayload(
        ReadOnlyMemory<byte> payload, GrainMethod method) => ReadPayload(NewReader(payload), method);

    public byte[] WriteRequestHead(PendingCall call, bool mayActivate)
    {
        using var writer = NewWriter();
        writer.WriteInt64(call.Id);
        writer.WriteBoolean(mayActivate);
        writer.WriteFixed64(call.Method.Id);
        LeafCodecs.WriteGrainId(writer, call.Target);
        writer.WriteInt64(Math.Max(0, time.GetElapsedTime(time.GetTimestamp(), call.Expires).Ticks));
        return writer.Written.ToArray();
    }

    public IncomingCall ReadRequest(ReadOnlyMemory<byte> body)
    {
        var reader = NewReader(body);
        var id = reader.ReadInt64();
        var mayActivate = reader.ReadBoolean();
        var method = reader.ReadFixed64();
        var target = LeafCodecs.ReadGrainId(reader);
        var wait = TimeSpan.FromTicks(reader.ReadInt64());
        var expires = time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency);
        return new IncomingCall(id, mayActivate, method, target, expires, reader);
    }

    /// <summary>The rest of a request; it may be more than this silo understands, when the head already was.</summary>
    public (GrainMethod Method, Dictionary<string, object>? RequestContext, object?[] Arguments) ReadContent(IncomingCall call)
    {
        var method = manifest.FindMethod(call.MethodId);
        var (requestContext, arguments) = ReadPayload(call.Content, method);
        return (method, requestContext, arguments);
    }

    public byte[] WriteResult(long id, GrainMethod method, object? result)
    {
        using var writer = NewWriter();
        writer.WriteInt64(id);
        writer.WriteByte(Completed);
        method.Result?.WriteObject(writer, result);
        return writer.Written.ToArray();
    }

    public byte[] WriteFailure(long id, Exception exception)
    {
        try
        {
            return WriteException(id, exception);
        }
        catch (Exception e)
        {
            return WriteException(id, e as CodecNotFoundException ?? new CodecNotFoundException(
                $"{exception.GetType()} ({exception.Message}) cannot be sent: {e.Message}"));
        }
    }

    public byte[] WriteRefusal(long id, TurnRefusal refusal)
    {
        using var writer = NewWriter();
        writer.WriteInt64(id);
        writer.WriteByte(Refused);
        writer.WriteByte((byte)refusal.Reason);
        _silo.Write(writer, refusal.Owner!);
        return writer.Written.ToArray();
    }

    public WireReader OpenResponse(ReadOnlyMemory<byte> body, out long id)
    {
        var reader = NewReader(body);
        id = reader.ReadInt64();
        return reader;
    }

    /// <summary>Tells the call how it ended.</summary>
    public void ReadOutcome(WireReader reader, PendingCall call)
    {
        try
        {
            switch (reader.ReadByte())
            {
                case Completed:
                    call.Complete(call.Method.Result?.ReadObject(reader));
                    break;
                case Failed:
                    call.Fail(Exceptions.Read(reader, codecs));
                    break;
                case Refused:
                    call.Refuse(new TurnRefusal((RefusalReason)reader.ReadByte(), _silo.Read(reader)));
                    break;
                case var other:
                    throw new InvalidDataException($"{other} is no outcome of a call.");
            }
        }
        catch (Exception e)
        {
            call.Fail(new OrleansException($"The response to {call} cannot be read: {e.Message}", e));
        }
    }

    public static byte[] WriteId(long id) => BitConverter.GetBytes(id);

    public static long ReadId(ReadOnlyMemory<byte> body) => body.Length == sizeof(long)
        ? BitConverter.ToInt64(body.Span)
        : throw new InvalidDataException("The number of a call takes 8 bytes.");

    private byte[] WriteException(long id, Exception exception)
    {
        using var writer = NewWriter();
        writer.WriteInt64(id);
        writer.WriteByte(Failed);
        Exceptions.Write(writer, exception, codecs);
        return writer.Written.ToArray();
    }

    private (Dictionary<string, object>? RequestContext, object?[] Arguments) ReadPayload(WireReader reader, GrainMethod method)
    {
        Dictionary<string, object>? requestContext = null;
        for (var count = reader.ReadCount(); count > 0; count--)
            (requestContext ??= [])[reader.ReadString()] = _any.Read(reader);
        return (requestContext, method.ReadArguments(reader));
    }

    private WireWriter NewWriter() => new(messaging.Value.MaxMessageBodySize);

    private WireReader NewReader(ReadOnlyMemory<byte> bytes) => new(bytes, references.Cast);
}

/// <param name="Id">The caller's number for the call.</param>
/// <param name="Expires">Timestamp from which the caller does not wait any more.</param>
/// <param name="Content">Request context and arguments, not read yet.</param>
internal readonly record struct IncomingCall(long Id, bool MayActivate, ulong MethodId, GrainId Target, long Expires, WireReader Content);
