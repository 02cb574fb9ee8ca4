using System.Diagnostics;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Bench.Paced;

/// <summary>A whole model that computes nothing, and takes as long for a batch as a model of the given speed.</summary>
internal sealed class PacedEngine(StageConfiguration configuration, double tokensPerSecond) : IStageEngine
{
    /// <summary>Of the model that it is not.</summary>
    public const string ContentHash = "none";

    private const int HiddenSize = 1;
    private readonly long _period = (long)(Stopwatch.Frequency / tokensPerSecond);
    private readonly SampledToken[] _tokens = new SampledToken[configuration.MaximumBatchRows];
    private long _due;

    public StageShape Shape { get; } = new(
        IsFirst: true, IsLast: true, configuration.EndLayer - configuration.FirstLayer, HiddenSize, ClockTokenizer.Size,
        configuration.SlotCount, configuration.CellCount, configuration.MaximumBatchRows, MappedBytes: 0, KvBytes: 0)
    {
        ContentHash = ContentHash,
    };

    public async ValueTask<StageOutput> DecodeAsync(StageInput input, CancellationToken cancellation = default)
    {
        var now = Stopwatch.GetTimestamp();
        // What the timer is late by is made up for in the next batch, but no more than one batch.
        _due = Math.Max(_due + _period, now);
        if (_due > now)
            await Task.Delay(Stopwatch.GetElapsedTime(now, _due), cancellation);
        return new StageOutput(default, _tokens.AsMemory(0, Sample(input.Rows.Span)));
    }

    public ValueTask OpenAsync(int slot, SamplingParameters sampling, ReadOnlyMemory<int> history) => ValueTask.CompletedTask;

    public ValueTask ClearAsync(int slot, int fromPosition) => ValueTask.CompletedTask;

    public ValueTask CopyAsync(int sourceSlot, int targetSlot, int endPosition) => ValueTask.CompletedTask;

    public ValueTask<byte[]> ExportAsync(int slot) => throw new NotSupportedException("There is nothing in a slot.");

    public ValueTask ImportAsync(int slot, ReadOnlyMemory<byte> state) => throw new NotSupportedException("There is nothing in a slot.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private int Sample(ReadOnlySpan<BatchRow> rows)
    {
        var count = 0;
        foreach (var row in rows)
        {
            if (row.Sample)
                _tokens[count++] = new SampledToken(row.Slot, row.Position + 1, ClockTokenizer.Token, float.NaN, null);
        }

        return count;
    }
}
