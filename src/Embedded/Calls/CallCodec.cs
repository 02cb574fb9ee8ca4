using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Serialization;
using OrleansInference.Embedded.Activations;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Calls;

/// <summary>Calls and their outcomes as bytes. All start with the caller's number for the call.</summary>
internal sealed class CallCodec(
    MessageSerializer serializer, GrainManifest manifest, GrainReferenceRuntime references, IOptions<SiloMessagingOptions> messaging)
{
    /// <summary>The number, and whether a request may activate the grain, or a response has a result.</summary>
    private const int HeadBytes = sizeof(long) + 1;

    private readonly MessageFormat _refusal = serializer.For(typeof(TurnRefusal));

    public static byte[] WriteId(long id) => BitConverter.GetBytes(id);

    public static long ReadId(ReadOnlySpan<byte> message) => BitConverter.ToInt64(message);

    public byte[] WriteContent(PendingCall call) => call.Method.Arguments.Write(call.Content, messaging.Value.MaxMessageBodySize);

    public CallContent ReadContent(ReadOnlySpan<byte> payload, GrainMethod method) =>
        (CallContent)method.Arguments.Read(payload, references.Cast)!;

    public static byte[] WriteRequest(PendingCall call, bool mayActivate) =>
        [.. WriteId(call.Id), Convert.ToByte(mayActivate), .. BitConverter.GetBytes(call.Method.Id), .. call.Payload!];

    public (bool MayActivate, GrainMethod Method, CallContent Content) ReadRequest(ReadOnlySpan<byte> request)
    {
        var method = manifest.FindMethod(BitConverter.ToUInt64(request[HeadBytes..]));
        return (ReadFlag(request), method, ReadContent(request[(HeadBytes + sizeof(ulong))..], method));
    }

    public byte[] WriteResult(long id, GrainMethod method, object? result) => Respond(id, hasRun: true, method.Result, result);

    public byte[] WriteRefusal(long id, TurnRefusal refusal)
    {
        try
        {
            return Respond(id, hasRun: false, _refusal, refusal);
        }
        catch (Exception e) when (refusal.Fault is { } fault and not CodecNotFoundException)
        {
            var told = new CodecNotFoundException($"{fault.GetType()} ({fault.Message}) cannot be sent: {e.Message}");
            return WriteRefusal(id, refusal with { Fault = told });
        }
    }

    /// <summary>Tells the call how it ended.</summary>
    public void ReadOutcome(ReadOnlySpan<byte> response, PendingCall call)
    {
        try
        {
            var content = response[HeadBytes..];
            if (ReadFlag(response))
                call.Finish(call.Method.Result?.Read(content, references.Cast));
            else
                call.Refuse((TurnRefusal)_refusal.Read(content, references.Cast)!);
        }
        catch (Exception e)
        {
            call.Fail(new OrleansException($"The response to {call} cannot be read: {e.Message}", e));
        }
    }

    private static bool ReadFlag(ReadOnlySpan<byte> message) => message[sizeof(long)] != 0;

    private byte[] Respond(long id, bool hasRun, MessageFormat? format, object? content) =>
        [.. WriteId(id), Convert.ToByte(hasRun), .. format?.Write(content, messaging.Value.MaxMessageBodySize - HeadBytes) ?? []];
}
