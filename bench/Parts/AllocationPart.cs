using System.Diagnostics;
using OrleansInference.Bench.Measuring;
using OrleansInference.Bench.Serving;

namespace OrleansInference.Bench.Parts;

/// <summary>What silos allocate for a token: of a tiny model, less what they allocate in as much time without any.</summary>
internal sealed class AllocationPart : IPart
{
    private static readonly Quantity HeadBytes = new("bytes a token, head", 0);
    private static readonly Quantity StageBytes = new("bytes a token, each other stage", 0);

    private static readonly Quantity IdleBytes = new("bytes a second, idle", 0);

    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(5);

    private static readonly int[] StreamCounts = [1, 8];

    public string Name => "allocation";

    public string Description => "Bytes of managed memory that the silos allocate for a token.";

    public int Rounds => 3;

    public int Tokens => 500;

    public async Task<Scenario> PrepareAsync(Workbench bench, int tokens, CancellationToken cancellation)
    {
        var model = await bench.GetTinyModelAsync(cancellation);
        var clusters = await bench.ServeAsync([new(1, Engine: ClusterEngine.Tiny), new(3, Engine: ClusterEngine.Tiny)], cancellation);
        Series[] all = [.. clusters.SelectMany(cluster => StreamCounts.Select(streams => Of(cluster, streams)))];
        return new([HeadBytes, StageBytes, IdleBytes], all, [], $"{Workbench.TinyShape}, random weights; streams of {tokens} tokens.");

        Series Of(ServedModel served, int streams) => new($"{Count.Stages(served.Silos.Count)}, {Count.Streams(streams)}", async stop =>
        {
            var idle = await MeasureAsync(served, () => Task.Delay(IdleTime, stop), stop);
            var busy = await MeasureAsync(
                served, () => served.Client.CompleteAllAsync(CompletionOrder.Streams(model, streams, tokens), stop), stop);
            double[] bytes = [.. busy.Bytes.Zip(idle.Bytes, (one, aside) => (one - aside * (busy.Time / idle.Time)) / (streams * tokens))];
            return new()
            {
                [HeadBytes] = [bytes[0]],
                [StageBytes] = bytes[1..],
                [IdleBytes] = [.. idle.Bytes.Select(one => one / idle.Time.TotalSeconds)],
            };
        });
    }

    private static async Task<(long[] Bytes, TimeSpan Time)> MeasureAsync(ServedModel served, Func<Task> work, CancellationToken stop)
    {
        var (before, started) = (await ReadAsync(served, stop), Stopwatch.GetTimestamp());
        await work();
        var after = await ReadAsync(served, stop);
        return ([.. after.Zip(before, static (now, then) => now - then)], Stopwatch.GetElapsedTime(started));
    }

    private static Task<long[]> ReadAsync(ServedModel served, CancellationToken cancellation) =>
        Task.WhenAll(served.Silos.Select(silo => served.ReadAllocatedBytesAsync(silo, cancellation)));
}
