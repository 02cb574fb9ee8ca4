using System.Collections.Immutable;
using System.Runtime.InteropServices;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Codec;

/// <summary>Delta and Finish.</summary>
internal static class GenerationOutcomeFormat
{
    private const int AlternativeBytes = 12;
    private const int TokenBytes = AlternativeBytes + sizeof(int);

    public static void Write(ref FrameWriter writer, DeltaFrame frame)
    {
        writer.Int64(frame.RequestId);
        writer.String(frame.Delta.Text);
        writer.Int32(frame.Delta.Tokens.OrEmpty().Length);
        foreach (var token in frame.Delta.Tokens.OrEmpty())
        {
            writer.Int32(token.Token);
            writer.Bytes(token.Bytes.OrEmpty().AsSpan());
            writer.Single(token.LogProbability);
            writer.Int32(token.Alternatives.OrEmpty().Length);
            foreach (var alternative in token.Alternatives.OrEmpty())
            {
                writer.Int32(alternative.Token);
                writer.Bytes(alternative.Bytes.OrEmpty().AsSpan());
                writer.Single(alternative.LogProbability);
            }
        }
    }

    public static DeltaFrame ReadDelta(ref FrameReader reader, DataPlaneOptions options)
    {
        var requestId = reader.Int64("request id");
        var text = reader.String("text", options.MaximumGenerationFrameBytes);
        var tokens = new TokenLogProbability[reader.Count("token count", TokenBytes, HelloFrame.MaximumPositions)];
        for (var i = 0; i < tokens.Length; i++)
        {
            tokens[i] = new TokenLogProbability(
                reader.Int32("token"), ReadPiece(ref reader), reader.Single("log probability"), ReadAlternatives(ref reader));
        }

        return new DeltaFrame(requestId, new GenerationDelta(text, ImmutableCollectionsMarshal.AsImmutableArray(tokens)));
    }

    public static void Write(ref FrameWriter writer, FinishFrame frame)
    {
        writer.Int64(frame.RequestId);
        writer.Byte((byte)frame.Finish.Reason);
        writer.Int32(frame.Finish.PromptTokens);
        writer.Int32(frame.Finish.CompletionTokens);
        writer.Int32(frame.Finish.CachedTokens);
        writer.Int32(frame.Finish.DraftedTokens);
        writer.Int32(frame.Finish.AcceptedTokens);
        writer.Boolean(frame.Finish.Error is not null);
        if (frame.Finish.Error is { } error)
        {
            writer.Byte((byte)error.Code);
            writer.String(error.Message);
            writer.Int32(error.RetryAfterMilliseconds);
        }
    }

    public static FinishFrame ReadFinish(ref FrameReader reader) => new(reader.Int64("request id"), new GenerationFinish(
        reader.Enumeration<FinishReason>("reason"), reader.Int32("prompt tokens"), reader.Int32("completion tokens"),
        CachedTokens: reader.Int32("cached tokens"), DraftedTokens: reader.Int32("drafted tokens"),
        AcceptedTokens: reader.Int32("accepted tokens"), Error: reader.Boolean("presence of an error") ? ReadError(ref reader) : null));

    private static GenerationError ReadError(ref FrameReader reader) => new(
        reader.Enumeration<GenerationErrorCode>("error code"), reader.String("error's message", FrameRules.MaximumReasonBytes),
        reader.Int32("error's retry-after"));

    private static ImmutableArray<AlternativeToken> ReadAlternatives(ref FrameReader reader)
    {
        var alternatives = new AlternativeToken[reader.Count("alternative count", AlternativeBytes, FrameRules.MaximumAlternatives)];
        for (var i = 0; i < alternatives.Length; i++)
        {
            alternatives[i] = new AlternativeToken(
                reader.Int32("alternative"), ReadPiece(ref reader), reader.Single("alternative's log probability"));
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(alternatives);
    }

    private static ImmutableArray<byte> ReadPiece(ref FrameReader reader) =>
        ImmutableCollectionsMarshal.AsImmutableArray(reader.Bytes("token's bytes", FrameRules.MaximumPieceBytes));
}
