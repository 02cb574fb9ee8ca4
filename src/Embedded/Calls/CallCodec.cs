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
    MessageSerializer serializer, GrainReferenceRuntime references, TimeProvider time, IOptions<SiloMessagingOptions> messaging)
{
    private const int RequestHeadBytes = 128;

    /// <summary>The number of the call, and whether it has a result.</summary>
    private const int ResponseHeadBytes = sizeof(long) + 1;

    private readonly MessageFormat _refusal = serializer.For(typeof((RefusalReason, SiloAddress?, Exception?)));

    public byte[] WritePayload(PendingCall call) => call.Method.Arguments.Write(
        new CallContent(call.Arguments) { RequestContext = call.RequestContext }, messaging.Value.MaxMessageBodySize);

    public CallContent ReadPayload(ReadOnlyMemory<byte> payload, GrainMethod method) =>
        (CallContent)method.Arguments.Read(payload.Span, references.Cast)!;

    public ReadOnlyMemory<byte> WriteRequest(PendingCall call, bool mayActivate)
    {
        var request = new MemoryStream(RequestHeadBytes + call.Payload!.Length);
        using var writer = new BinaryWriter(request);
        writer.Write(call.Id);
        writer.Write(mayActivate);
        writer.Write(call.Method.Id);
        writer.Write(call.Target.Type.ToString());
        writer.Write(call.Target.Key.ToString());
        writer.Write(Math.Max(0, time.GetElapsedTime(time.GetTimestamp(), call.Expires).Ticks));
        writer.Write(call.Payload);
        return request.GetBuffer().AsMemory(0, (int)request.Length);
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

    public byte[] WriteResult(long id, GrainMethod method, object? result) => Respond(id, hasRun: true, method.Result, result);

    public byte[] WriteRefusal(long id, TurnRefusal refusal)
    {
        try
        {
            return Respond(id, hasRun: false, _refusal, (refusal.Reason, refusal.Owner, refusal.Fault));
        }
        catch (Exception e) when (refusal.Fault is { } fault and not CodecNotFoundException)
        {
            var told = e as CodecNotFoundException ?? new($"{fault.GetType()} ({fault.Message}) cannot be sent: {e.Message}");
            return WriteRefusal(id, refusal with { Fault = told });
        }
    }

    /// <summary>Tells the call how it ended.</summary>
    public void ReadOutcome(ReadOnlySpan<byte> response, PendingCall call)
    {
        try
        {
            var content = response[ResponseHeadBytes..];
            if (BitConverter.ToBoolean(response[sizeof(long)..]))
            {
                call.Finish(call.Method.Result?.Read(content, references.Cast));
                return;
            }
            var (reason, owner, fault) = ((RefusalReason, SiloAddress?, Exception?))_refusal.Read(content, references.Cast)!;
            call.Refuse(new TurnRefusal(reason, owner, fault));
        }
        catch (Exception e)
        {
            call.Fail(new OrleansException($"The response to {call} cannot be read: {e.Message}", e));
        }
    }

    public static byte[] WriteId(long id) => BitConverter.GetBytes(id);

    /// <summary>The number of the call that a response or a cancellation starts with.</summary>
    public static long ReadId(ReadOnlySpan<byte> body) => BitConverter.ToInt64(body);

    private byte[] Respond(long id, bool hasRun, MessageFormat? format, object? content) =>
    [
        .. WriteId(id),
        .. BitConverter.GetBytes(hasRun),
        .. format?.Write(content, messaging.Value.MaxMessageBodySize - ResponseHeadBytes) ?? [],
    ];
}

/// <param name="Id">The caller's number for the call.</param>
/// <param name="Expires">Timestamp from which the caller does not wait any more.</param>
/// <param name="Content">Request context and arguments, not read yet.</param>
internal readonly record struct IncomingCall(
    long Id, bool MayActivate, ulong MethodId, GrainId Target, long Expires, ReadOnlyMemory<byte> Content);
