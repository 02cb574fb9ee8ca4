using System.Buffers;
using System.Diagnostics;
using OrleansInference.DataPlane.Elements;

namespace OrleansInference.Bench.Rows;

/// <summary>Nanoseconds that one row takes to be written and to be read.</summary>
internal sealed record RowSpeed(double WriteNanoseconds, double ReadNanoseconds)
{
    public const int HiddenSize = 2_048;

    private const int RowsPerRound = 16;

    /// <summary>Long enough for the code to be compiled for speed.</summary>
    private static readonly TimeSpan s_duration = TimeSpan.FromSeconds(1);

    public static RowSpeed Measure(ElementType type)
    {
        var random = new Random(1);
        float[] rows = [.. Enumerable.Range(0, RowsPerRound * HiddenSize).Select(_ => (float)(random.NextDouble() * 8 - 4))];
        var bytes = new byte[RowsPerRound * HiddenRows.RowBytes(type, HiddenSize)];
        var sequence = new ReadOnlySequence<byte>(bytes);
        return new RowSpeed(
            Best(() => HiddenRows.Write(type, HiddenSize, rows, bytes)), Best(() => HiddenRows.TryRead(type, HiddenSize, sequence, rows)));
    }

    /// <summary>Rounds are so short that many of them run undisturbed on a busy machine, and the best of them counts.</summary>
    private static double Best(Action convert)
    {
        var best = TimeSpan.MaxValue;
        for (var begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun) < s_duration;)
        {
            var started = Stopwatch.GetTimestamp();
            convert();
            var elapsed = Stopwatch.GetElapsedTime(started);
            best = elapsed < best ? elapsed : best;
        }

        return best.TotalNanoseconds / RowsPerRound;
    }
}
