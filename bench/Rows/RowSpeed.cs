using System.Buffers;
using System.Diagnostics;
using OrleansInference.DataPlane.Elements;

namespace OrleansInference.Bench.Rows;

/// <summary>Nanoseconds that one row takes to be written and to be read.</summary>
internal sealed record RowSpeed(double WriteNanoseconds, double ReadNanoseconds)
{
    public const int HiddenSize = 2_048;

    /// <summary>Rounds are so short that many of them run undisturbed on a busy machine, and the best of them counts.</summary>
    private const int Rounds = 2_000;

    private const int RowsPerRound = 16;

    public static RowSpeed Measure(ElementType type)
    {
        var random = new Random(1);
        float[] rows = [.. Enumerable.Range(0, RowsPerRound * HiddenSize).Select(_ => (float)(random.NextDouble() * 8 - 4))];
        var bytes = new byte[RowsPerRound * HiddenRows.RowBytes(type, HiddenSize)];
        var sequence = new ReadOnlySequence<byte>(bytes);
        return new RowSpeed(
            Best(() => HiddenRows.Write(type, HiddenSize, rows, bytes)), Best(() => HiddenRows.TryRead(type, HiddenSize, sequence, rows)));
    }

    private static double Best(Action convert)
    {
        var best = TimeSpan.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            convert();
            var elapsed = Stopwatch.GetElapsedTime(started);
            best = elapsed < best ? elapsed : best;
        }

        return best.TotalNanoseconds / RowsPerRound;
    }
}
