using System.Collections.Immutable;
using System.Runtime.InteropServices;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Codec;

/// <summary>Generate.</summary>
internal static class GenerationRequestFormat
{
    private const int StringBytes = sizeof(int);
    private const int NoMaximum = -1;

    private enum PromptKind : byte
    {
        Messages = 1,
        Text = 2,
        Tokens = 3,
    }

    public static void Write(ref FrameWriter writer, GenerateFrame frame)
    {
        var request = frame.Request;
        writer.Int64(frame.RequestId);
        WritePrompt(ref writer, request);
        SamplingFormat.Write(ref writer, request.Sampling);
        writer.Int32(request.MaximumTokens ?? NoMaximum);
        writer.Int32(request.Stop.OrEmpty().Length);
        foreach (var stop in request.Stop.OrEmpty())
            writer.String(stop);
        writer.Boolean(request.Echo);
        writer.Int32(request.PrefillChunkRows);
    }

    public static GenerateFrame Read(ref FrameReader reader, DataPlaneOptions options)
    {
        var requestId = reader.Int64("request id");
        var kind = reader.Enumeration<PromptKind>("prompt kind");
        return new GenerateFrame(requestId, new GenerationRequest
        {
            Messages = kind == PromptKind.Messages ? ReadMessages(ref reader, options) : null,
            TemplateArguments = kind == PromptKind.Messages ? ReadArguments(ref reader, options) : null,
            Prompt = kind == PromptKind.Text ? reader.String("prompt", options.MaximumGenerationFrameBytes) : null,
            PromptTokens = kind == PromptKind.Tokens
                ? ImmutableCollectionsMarshal.AsImmutableArray(SamplingFormat.ReadTokens(ref reader, "prompt", HelloFrame.MaximumPositions))
                : null,
            Sampling = SamplingFormat.Read(ref reader, options),
            MaximumTokens = reader.Int32("maximum tokens") is var maximum && maximum == NoMaximum ? null : maximum,
            Stop = ReadStops(ref reader, options),
            Echo = reader.Boolean("echo"),
            PrefillChunkRows = reader.Int32("prefill chunk rows"),
        });
    }

    private static void WritePrompt(ref FrameWriter writer, GenerationRequest request)
    {
        if (request.Messages is { } messages)
        {
            writer.Byte((byte)PromptKind.Messages);
            writer.Int32(messages.Length);
            foreach (var message in messages)
            {
                writer.String(message.Role);
                writer.String(message.Content);
            }

            writer.String(request.TemplateArguments ?? "");
        }
        else if (request.Prompt is { } prompt)
        {
            writer.Byte((byte)PromptKind.Text);
            writer.String(prompt);
        }
        else
        {
            writer.Byte((byte)PromptKind.Tokens);
            SamplingFormat.WriteTokens(ref writer, request.PromptTokens.GetValueOrDefault().AsSpan());
        }
    }

    private static ImmutableArray<ChatMessage> ReadMessages(ref FrameReader reader, DataPlaneOptions options)
    {
        var messages = new ChatMessage[reader.Count("message count", 2 * StringBytes, options.MaximumMessages)];
        for (var i = 0; i < messages.Length; i++)
        {
            messages[i] = new ChatMessage(
                reader.String("message's role", FrameRules.MaximumNameBytes),
                reader.String("message's content", options.MaximumGenerationFrameBytes));
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(messages);
    }

    private static string? ReadArguments(ref FrameReader reader, DataPlaneOptions options) =>
        reader.String("template arguments", options.MaximumGenerationFrameBytes) is { Length: > 0 } arguments ? arguments : null;

    private static ImmutableArray<string> ReadStops(ref FrameReader reader, DataPlaneOptions options)
    {
        var stops = new string[reader.Count("stop count", StringBytes, GenerationRequest.MaximumStops)];
        for (var i = 0; i < stops.Length; i++)
            stops[i] = reader.String("stop text", options.MaximumStopBytes);
        return ImmutableCollectionsMarshal.AsImmutableArray(stops);
    }
}
