using System.Text;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.DataPlane.Codec;

/// <summary>
/// What a frame's values must be, beyond its layout; asked of every frame sent and received, so that a sender learns of its mistake by an
/// exception of its own and not by a closed connection.
/// </summary>
internal static class FrameRules
{
    public const int MaximumNameBytes = 256;
    public const int MaximumReasonBytes = 16 << 10;
    public const int MaximumPieceBytes = 1 << 10;
    public const int MaximumAlternatives = 20;

    /// <summary>Whether a frame belongs on a connection; before the Hello, none but those that open it.</summary>
    public static bool MayTravel(FrameType type, ConnectionRole? role) => role switch
    {
        null => type is FrameType.Hello or FrameType.Welcome or FrameType.Refuse,
        ConnectionRole.Ring => type is FrameType.Ping or FrameType.Open or FrameType.Batch or FrameType.Clear or FrameType.Copy
            or FrameType.State or FrameType.Fault,
        ConnectionRole.Tokens => type is FrameType.Ping or FrameType.Tokens or FrameType.Fault,
        _ => type is FrameType.Ping or FrameType.Generate or FrameType.Delta or FrameType.Finish or FrameType.Cancel,
    };

    /// <summary>What is wrong with a frame, in words; null when nothing is.</summary>
    /// <param name="hello">The connection's Hello; of no account for the frames that open it.</param>
    public static string? ProblemOf(Frame frame, HelloFrame? hello, DataPlaneOptions options) => frame switch
    {
        HelloFrame opening => ProblemOf(opening),
        RefuseFrame refuse => TextProblem("reason", refuse.Reason, MaximumReasonBytes),
        OpenFrame open => SlotProblem(open.Slot, hello!) ?? SamplingRules.ProblemOf(open.Sampling, options)
            ?? TokensProblem("history", open.History.Span, hello!.PositionCount),
        BatchFrame batch => ProblemOf(batch, hello!, options),
        TokensFrame tokens => ProblemOf(tokens, hello!, options),
        ClearFrame clear => SlotProblem(clear.Slot, hello!) ?? RangeProblem("position", clear.FromPosition, 0, hello!.PositionCount),
        CopyFrame copy => ProblemOf(copy, hello!),
        StateFrame state => ProblemOf(state, hello!, options),
        FaultFrame fault => TextProblem("reason", fault.Reason, MaximumReasonBytes),
        GenerateFrame generate => SamplingRules.ProblemOf(generate.Request, options),
        DeltaFrame delta => OutcomeRules.ProblemOf(delta.Delta),
        DeltaBuffer delta => OutcomeRules.AlternativesProblem(delta.MostAlternatives, delta.LongestPieceBytes),
        FinishFrame finish => OutcomeRules.ProblemOf(finish.Finish),
        _ => null,
    };

    public static string? RangeProblem(string field, long value, long minimum, long maximum) =>
        value >= minimum && value <= maximum ? null : $"{field} is {value}, not {minimum} to {maximum}";

    /// <summary>Also refuses what is no number.</summary>
    public static string? RangeProblem(string field, float value, float minimum, float maximum) =>
        value >= minimum && value <= maximum ? null : FormattableString.Invariant($"{field} is {value}, not {minimum} to {maximum}");

    public static string? TextProblem(string field, string? text, int maximumBytes)
    {
        if (text is null)
            return $"{field} is not set";
        // No character takes less than a third of its longest form, so that most texts need not be measured.
        return (long)text.Length * 3 > maximumBytes && Encoding.UTF8.GetByteCount(text) is var bytes && bytes > maximumBytes
            ? $"{field} takes {bytes} bytes, but {maximumBytes} is the most"
            : null;
    }

    public static string? TokensProblem(string field, ReadOnlySpan<int> tokens, int maximum)
    {
        if (tokens.Length > maximum)
            return $"{field} has {tokens.Length} tokens, but {maximum} is the most";
        for (var i = 0; i < tokens.Length; i++)
        {
            if (tokens[i] < 0)
                return $"{field} holds the token {tokens[i]} at {i}, below 0";
        }

        return null;
    }

    private static string? ProblemOf(HelloFrame hello) =>
        RangeProblem("version", hello.Version, HelloFrame.CurrentVersion, HelloFrame.CurrentVersion)
        ?? (Enum.IsDefined(hello.Role) ? null : $"role is {hello.Role}, which is none")
        ?? (Enum.IsDefined(hello.ElementType) ? null : $"element type is {hello.ElementType}, which is none")
        ?? (string.IsNullOrEmpty(hello.Pipeline) ? "pipeline has no name" : TextProblem("pipeline", hello.Pipeline, MaximumNameBytes))
        ?? RangeProblem("epoch", hello.Epoch, 0, long.MaxValue)
        ?? RangeProblem("stage", hello.Stage, 0, ushort.MaxValue)
        ?? RangeProblem("hidden size", hello.HiddenSize, 0, HelloFrame.MaximumHiddenSize)
        ?? RangeProblem("slot count", hello.SlotCount, 1, HelloFrame.MaximumSlots)
        ?? RangeProblem("position count", hello.PositionCount, 1, HelloFrame.MaximumPositions)
        ?? (hello.Role != ConnectionRole.Generation && string.IsNullOrEmpty(hello.ContentHash)
            ? "content hash is empty" : TextProblem("content hash", hello.ContentHash, MaximumNameBytes));

    private static string? ProblemOf(BatchFrame batch, HelloFrame hello, DataPlaneOptions options)
    {
        if (hello.HiddenSize == 0)
            return "the connection's Hello names no hidden size";
        if (RangeProblem("row count", batch.Rows.Length, 1, options.MaximumBatchRows) is { } count)
            return count;
        if (batch.Hidden.Length != (long)batch.Rows.Length * hello.HiddenSize)
            return $"{batch.Rows.Length} rows of {hello.HiddenSize} elements come with {batch.Hidden.Length} elements";
        if (ProblemOf(batch.Timing) is { } timing)
            return timing;
        var rows = batch.Rows.Span;
        for (var i = 0; i < rows.Length; i++)
        {
            if ((SlotProblem(rows[i].Slot, hello) ?? RangeProblem("position", rows[i].Position, 0, hello.PositionCount - 1)) is { } problem)
                return $"row {i}: {problem}";
        }

        return null;
    }

    private static string? ProblemOf(TokensFrame tokens, HelloFrame hello, DataPlaneOptions options)
    {
        if (RangeProblem("token count", tokens.Tokens.Length, 0, options.MaximumBatchRows) is { } count)
            return count;
        if (ProblemOf(tokens.Timing) is { } timing)
            return timing;
        for (var i = 0; i < tokens.Tokens.Length; i++)
        {
            var token = tokens.Tokens.Span[i];
            var problem = SlotProblem(token.Slot, hello) ?? RangeProblem("position", token.Position, 1, hello.PositionCount)
                ?? RangeProblem("token", token.Token, 0, int.MaxValue)
                ?? OutcomeRules.AlternativesProblem(token.Alternatives?.Length ?? 0, 0);
            foreach (var alternative in token.Alternatives ?? [])
                problem ??= RangeProblem("alternative", alternative.Token, 0, int.MaxValue);
            if (problem is not null)
                return $"token {i}: {problem}";
        }

        return null;
    }

    private static string? ProblemOf(CopyFrame copy, HelloFrame hello) =>
        SlotProblem(copy.SourceSlot, hello) ?? SlotProblem(copy.TargetSlot, hello)
        ?? (copy.SourceSlot == copy.TargetSlot ? $"slot {copy.SourceSlot} is its own source" : null)
        ?? RangeProblem("end position", copy.EndPosition, 1, hello.PositionCount);

    private static string? ProblemOf(RingTiming timing) =>
        RangeProblem("slowest stage's microseconds", timing.SlowestMicroseconds, 0, int.MaxValue)
        ?? RangeProblem("all stages' microseconds", timing.TotalMicroseconds, timing.SlowestMicroseconds, int.MaxValue);

    private static string? ProblemOf(StateFrame state, HelloFrame hello, DataPlaneOptions options) =>
        SlotProblem(state.Slot, hello) ?? RangeProblem("total", state.Total, 1, options.MaximumStateBytes)
        ?? RangeProblem("offset", state.Offset, 0, state.Total - 1)
        ?? RangeProblem("length of chunk", state.Chunk.Length, 1, state.Total - state.Offset);

    private static string? SlotProblem(int slot, HelloFrame hello) => RangeProblem("slot", slot, 0, hello.SlotCount - 1);
}
