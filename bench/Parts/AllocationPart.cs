using OrleansInference.Bench.Measuring;
using OrleansInference.Bench.Serving;

namespace OrleansInference.Bench.Parts;

/// <summary>What silos allocate for a token. A tiny model makes many, so that what a silo allocates every second counts little.</summary>
internal sealed class AllocationPart : IPart
{
    private static readonly Quantity HeadBytes = new("bytes a token, head", 0);
    private static readonly Quantity StageBytes = new("bytes a token, each other stage", 0);

    private static readonly int[] StreamCounts = [1, 8];

    public string Name => "allocation";

    public string Description => "Bytes of managed memory that the silos allocate for a token.";

    public int Rounds => 3;

    public int Tokens => 1_000;

    public async Task<Scenario> PrepareAsync(Workbench bench, int tokens, CancellationToken cancellation)
    {
        var model = await bench.GetTinyModelAsync(cancellation);
        var clusters = await bench.ServeAsync([new(1, Engine: ClusterEngine.Tiny), new(3, Engine: ClusterEngine.Tiny)], cancellation);
        Series[] all = [.. clusters.SelectMany(cluster => StreamCounts.Select(streams => Of(cluster, streams)))];
        return new([HeadBytes, StageBytes], all, [], $"{Workbench.TinyShape}, random weights; streams of {tokens} tokens.");

        Series Of(ServedModel served, int streams) => new($"{Count.Stages(served.Silos.Count)}, {Count.Streams(streams)}", async stop =>
        {
            var before = await ReadAsync(served, stop);
            await served.Client.CompleteAllAsync(CompletionOrder.Streams(model, streams, tokens), stop);
            var after = await ReadAsync(served, stop);
            double[] bytes = [.. after.Zip(before, (now, then) => (double)(now - then) / (streams * tokens))];
            return new() { [HeadBytes] = [bytes[0]], [StageBytes] = bytes[1..] };
        });
    }

    private static Task<long[]> ReadAsync(ServedModel served, CancellationToken cancellation) =>
        Task.WhenAll(served.Silos.Select(silo => served.ReadAllocatedBytesAsync(silo, cancellation)));
}
