using System.Runtime.InteropServices;
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
    MessageSerializer serializer,
    GrainManifest manifest,
    GrainReferenceRuntime references,
    TimeProvider time,
    IOptions<SiloMessagingOptions> messaging)
{
    private const int HeadBytes = 128;

    private const byte Completed = 0;
    private const byte Failed = 1;
    private const byte Refused = 2;

    private readonly MessageFormat _exception = serializer.For(typeof(Exception));
    private readonly MessageFormat _refusal = serializer.For(typeof((RefusalReason, SiloAddress?)));

    public byte[] WritePayload(PendingCall call) => call.Method.Arguments.Write(
        new CallContent(call.Arguments) { RequestContext = call.RequestContext }, messaging.Value.MaxMessageBodySize);

    public CallContent ReadPayload(ReadOnlyMemory<byte> payload, GrainMethod method) =>
        (CallContent)method.Arguments.Read(payload.Span, references.Cast)!;

    public byte[] WriteRequestHead(PendingCall call, bool mayActivate)
    {
        var head = new MemoryStream(HeadBytes);
        using var writer = new BinaryWriter(head);
        writer.Write(call.Id);
        writer.Write(mayActivate);
        writer.Write(call.Method.Id);
        writer.Write(call.Target.Type.ToString());
        writer.Write(call.Target.Key.ToString());
        writer.Write(Math.Max(0, time.GetElapsedTime(time.GetTimestamp(), call.Expires).Ticks));
        return head.ToArray();
    }

    public IncomingCall ReadRequest(ReadOnlyMemory<byte> body)
    {
        var bytes = MemoryMarshal.TryGetArray(body, out var found) ? found : body.ToArray();
        using var reader = new BinaryReader(new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count));
        var id = reader.ReadInt64();
        var mayActivate = reader.ReadBoolean();
        var method = reader.ReadUInt64();
        var target = GrainId.Create(reader.ReadString(), reader.ReadString());
        var wait = TimeSpan.FromTicks(reader.ReadInt64());
        var expires = time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency);
        return new IncomingCall(id, mayActivate, method, target, expires, body[(int)reader.BaseStream.Position..]);
    }

    /// <summary>The rest of a request; it may be more than this silo understands, when the head already was.</summary>
    public (GrainMethod Method, CallContent Content) ReadContent(IncomingCall call)
    {
        var method = manifest.FindMethod(call.MethodId);
        return (method, ReadPayload(call.Content, method));
    }

    public byte[] WriteResult(long id, GrainMethod method, object? result) => Respond(id, Completed, method.Result, result);

    public byte[] WriteFailure(long id, Exception exception)
    {
        try
        {
            return Respond(id, Failed, _exception, exception);
        }
        catch (Exception e)
        {
            return Respond(id, Failed, _exception, e as CodecNotFoundException ?? new CodecNotFoundException(
                $"{exception.GetType()} ({exception.Message}) cannot be sent: {e.Message}"));
        }
    }

    public byte[] WriteRefusal(long id, TurnRefusal refusal) => Respond(id, Refused, _refusal, (refusal.Reason, refusal.Owner));

    /// <summary>Tells the call how it ended.</summary>
    /// <param name="response">After the number of the call.</param>
    public void ReadOutcome(ReadOnlySpan<byte> response, PendingCall call)
    {
        try
        {
            var content = response[1..];
            switch (response[0])
            {
                case Completed:
                    call.Complete(call.Method.Result?.Read(content, references.Cast));
                    break;
                case Failed:
                    call.Fail((Exception)_exception.Read(content, references.Cast)!);
                    break;
                case Refused:
                    var (reason, owner) = ((RefusalReason, SiloAddress?))_refusal.Read(content, references.Cast)!;
                    call.Refuse(new TurnRefusal(reason, owner));
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

    /// <summary>The number of the call that a response or a cancellation starts with.</summary>
    public static long ReadId(ReadOnlySpan<byte> body) => BitConverter.ToInt64(body);

    private byte[] Respond(long id, byte outcome, MessageFormat? format, object? content) =>
        [.. WriteId(id), outcome, .. format?.Write(content, messaging.Value.MaxMessageBodySize) ?? []];
}

/// <param name="Id">The caller's number for the call.</param>
/// <param name="Expires">Timestamp from which the caller does not wait any more.</param>
/// <param name="Content">Request context and arguments, not read yet.</param>
internal readonly record struct IncomingCall(
    long Id, bool MayActivate, ulong MethodId, GrainId Target, long Expires, ReadOnlyMemory<byte> Content);
