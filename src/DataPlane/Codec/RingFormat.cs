using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.DataPlane.Codec;

/// <summary>What travels between stages, and from the last to the head.</summary>
internal static class RingFormat
{
    private const int BatchRowBytes = 9;
    private const int SampledTokenBytes = 17;
    private const int AlternativeBytes = 8;

    public static void Write(ref FrameWriter writer, OpenFrame open)
    {
        writer.Int32(open.Slot);
        SamplingFormat.Write(ref writer, open.Sampling);
        SamplingFormat.WriteTokens(ref writer, open.History.Span);
    }

    public static OpenFrame ReadOpen(ref FrameReader reader, HelloFrame hello, DataPlaneOptions options) => new(
        reader.Int32("slot"), SamplingFormat.Read(ref reader, options),
        SamplingFormat.ReadTokens(ref reader, "history", hello.PositionCount));

    public static void Write(ref FrameWriter writer, BatchFrame batch, HelloFrame hello)
    {
        writer.Int64(batch.BatchId);
        Write(ref writer, batch.Timing);
        writer.Int32(batch.Rows.Length);
        foreach (var row in batch.Rows.Span)
        {
            writer.Int32(row.Slot);
            writer.Int32(row.Position);
            writer.Boolean(row.Sample);
        }

        var room = writer.Reserve(batch.Rows.Length * HiddenRows.RowBytes(hello.ElementType, hello.HiddenSize));
        if (!room.IsEmpty)
            HiddenRows.Write(hello.ElementType, hello.HiddenSize, batch.Hidden.Span, room);
    }

    public static BatchFrame ReadBatch(ref FrameReader reader, HelloFrame hello, DataPlaneOptions options, FramePool frames)
    {
        var batchId = reader.Int64("batch id");
        var timing = ReadTiming(ref reader);
        var rowBytes = HiddenRows.RowBytes(hello.ElementType, hello.HiddenSize);
        var rented = frames.RentBatch(reader.Count("row count", BatchRowBytes, options.MaximumBatchRows), out var rows);
        foreach (ref var row in rows)
            row = new BatchRow(reader.Int32("row's slot"), reader.Int32("row's position"), reader.Boolean("row's sample flag"));
        var source = reader.Take("hidden rows", rows.Length * rowBytes);
        // Also bounds the floats by the bytes: a frame of so many bytes never holds more than four times as many of floats.
        reader.End();
        var batch = rented.Fill(batchId, timing, frames.RentHidden(rows.Length * hello.HiddenSize), out var hidden);
        if (HiddenRows.TryRead(hello.ElementType, hello.HiddenSize, source, hidden))
            return batch;
        batch.Dispose();
        throw reader.Bad(hello.ElementType == ElementType.F16
            ? "a row's scale is no finite power of two from 1 on" : "a row's scale is negative or infinite");
    }

    public static void Write(ref FrameWriter writer, TokensFrame tokens)
    {
        writer.Int64(tokens.BatchId);
        Write(ref writer, tokens.Timing);
        writer.Int32(tokens.Tokens.Length);
        foreach (var token in tokens.Tokens.Span)
        {
            writer.Int32(token.Slot);
            writer.Int32(token.Position);
            writer.Int32(token.Token);
            writer.Single(token.LogProbability);
            writer.Boolean(token.Alternatives is not null);
            if (token.Alternatives is { } alternatives)
                WriteAlternatives(ref writer, alternatives);
        }
    }

    public static TokensFrame ReadTokens(ref FrameReader reader, DataPlaneOptions options, FramePool frames)
    {
        var batchId = reader.Int64("batch id");
        var timing = ReadTiming(ref reader);
        var count = reader.Count("token count", SampledTokenBytes, options.MaximumBatchRows);
        var frame = frames.RentTokens(batchId, timing, count, out var tokens);
        foreach (ref var token in tokens)
        {
            token = new SampledToken(
                reader.Int32("slot"), reader.Int32("position"), reader.Int32("token"), reader.Single("log probability"),
                reader.Boolean("presence of alternatives") ? ReadAlternatives(ref reader) : null);
        }

        return frame;
    }

    public static void Write(ref FrameWriter writer, ClearFrame clear)
    {
        writer.Int32(clear.Slot);
        writer.Int32(clear.FromPosition);
    }

    public static ClearFrame ReadClear(ref FrameReader reader) => new(reader.Int32("slot"), reader.Int32("position"));

    public static void Write(ref FrameWriter writer, CopyFrame copy)
    {
        writer.Int32(copy.SourceSlot);
        writer.Int32(copy.TargetSlot);
        writer.Int32(copy.EndPosition);
    }

    public static CopyFrame ReadCopy(ref FrameReader reader) =>
        new(reader.Int32("source slot"), reader.Int32("target slot"), reader.Int32("end position"));

    public static void Write(ref FrameWriter writer, StateFrame state)
    {
        writer.Int32(state.Slot);
        writer.Int64(state.Offset);
        writer.Int64(state.Total);
        writer.Bytes(state.Chunk.Span);
    }

    public static StateFrame ReadState(ref FrameReader reader, DataPlaneOptions options) => new(
        reader.Int32("slot"), reader.Int64("offset"), reader.Int64("total"), reader.Bytes("chunk", options.MaximumRingFrameBytes));

    public static void Write(ref FrameWriter writer, FaultFrame fault)
    {
        writer.Int64(fault.BatchId);
        writer.String(fault.Reason);
    }

    public static FaultFrame ReadFault(ref FrameReader reader) =>
        new(reader.Int64("batch id"), reader.String("reason", FrameRules.MaximumReasonBytes));

    private static void Write(ref FrameWriter writer, RingTiming timing)
    {
        writer.Int32(timing.SlowestMicroseconds);
        writer.Int32(timing.TotalMicroseconds);
        writer.Boolean(timing.IsAlone);
    }

    private static RingTiming ReadTiming(ref FrameReader reader) =>
        new(reader.Int32("slowest stage's microseconds"), reader.Int32("all stages' microseconds"), reader.Boolean("whether it is alone"));

    private static void WriteAlternatives(ref FrameWriter writer, TokenProbability[] alternatives)
    {
        writer.Int32(alternatives.Length);
        foreach (var alternative in alternatives)
        {
            writer.Int32(alternative.Token);
            writer.Single(alternative.LogProbability);
        }
    }

    private static TokenProbability[] ReadAlternatives(ref FrameReader reader)
    {
        var alternatives = new TokenProbability[reader.Count("alternative count", AlternativeBytes, FrameRules.MaximumAlternatives)];
        for (var i = 0; i < alternatives.Length; i++)
            alternatives[i] = new TokenProbability(reader.Int32("alternative"), reader.Single("alternative's log probability"));
        return alternatives;
    }
}
