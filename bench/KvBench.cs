using System.Globalization;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Models.Store;

namespace OrleansInference.Bench;

/// <summary>
/// The CPU time of a step with one KV cache for all sequences (masked), against one for each, on a slice of a model: what a layer costs is
/// the same in all of them.
/// </summary>
internal static class KvBench
{
    public const int Layers = 4;
    public const int Slots = 16;
    public const int Depth = 2000;
    public const int ShallowDepth = 128;
    public const int ChunkRows = 128;

    /// <summary>Depth, and room for the steps of a measurement.</summary>
    private const int CellsPerSlot = 2816;

    private const int Steps = 4;

    public static async Task<int> RunAsync(BenchOptions options, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("oinf-kv-").FullName;
        try
        {
            await Console.Out.WriteLineAsync($"Writing a random {options.Shape} in {options.Type} …");
            var model = await BenchModel.CreateAsync(options, folder, cancellation);
            using var slice = new SliceAssembler(model.Store).Assemble(
                model.Manifest, 0, Layers, Path.Combine(folder, "slices"), progress: null, cancellation);
            var table = KvTable.Create(options, Steps, await MeasureAsync(options, slice.Path, cancellation));
            await Console.Out.WriteLineAsync(table);
            BenchmarkPage.Write("kv", table);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static KvCase[] Cases()
    {
        int[] all = [.. Enumerable.Range(0, Slots)];
        int[] gaps = [.. all.Where(slot => slot % 2 == 0)];
        return
        [
            new($"{Slots} × {ShallowDepth}: decode {Slots} rows", ShallowDepth, all, all, 1),
            new($"{Slots} × {ShallowDepth}: decode every other slot, {gaps.Length} rows", ShallowDepth, all, gaps, 1),
            new($"{Slots} × {Depth}: decode {Slots} rows", Depth, all, all, 1),
            new($"{Slots} × {Depth}: decode every other slot, {gaps.Length} rows", Depth, all, gaps, 1),
            new($"{Slots} × {Depth}: decode 1 row", Depth, all, [0], 1),
            new($"1 × {Depth}, the others empty: decode 1 row", Depth, [0], [0], 1),
            new($"{Slots} × {Depth}: a prompt's next {ChunkRows} rows", Depth, all, [0], ChunkRows),
            new($"1 × {Depth}, the others empty: a prompt's next {ChunkRows} rows", Depth, [0], [0], ChunkRows),
        ];
    }

    private static async Task<IReadOnlyList<KvCase>> MeasureAsync(BenchOptions options, string slice, CancellationToken cancellation)
    {
        await Console.Out.WriteLineAsync($"Filling {Slots} slots …");
        using var unified = new KvContext(slice, isUnified: true, Slots, CellsPerSlot, ChunkRows);
        using var separate = new KvContext(slice, isUnified: false, Slots, CellsPerSlot, ChunkRows);
        var (unifiedStates, separateStates) = (Prefill(unified), Prefill(separate));
        var cases = Cases();
        for (var round = 0; round <= options.Rounds; round++)
        {
            foreach (var one in cases)
            {
                cancellation.ThrowIfCancellationRequested();
                var together = Measure(unified, unifiedStates[one.Depth], one);
                var apart = Measure(separate, separateStates[one.Depth], one);
                await Console.Out.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"round {round}: {one.Name}: {together:F1} ms, apart {apart:F1} ms"));
                if (round == 0)
                    continue;
                one.UnifiedMilliseconds.Add(together);
                one.SeparateMilliseconds.Add(apart);
            }
        }

        return cases;
    }

    /// <summary>The state of a slot at each depth that is measured, computed once and put into the other slots as it is.</summary>
    private static Dictionary<int, byte[]> Prefill(KvContext context)
    {
        for (var position = 0; position < Depth; position += ChunkRows)
        {
            context.Decode([
                .. Enumerable.Range(position, Math.Min(ChunkRows, Depth - position)).Select(one => new BatchRow(0, one, Sample: false)),
            ]);
        }

        var deep = context.Export(0);
        context.Cut(0, ShallowDepth);
        return new Dictionary<int, byte[]> { [Depth] = deep, [ShallowDepth] = context.Export(0) };
    }

    /// <returns>CPU milliseconds of a step; a first step, which may build a graph, is left out.</returns>
    private static double Measure(KvContext context, byte[] state, KvCase one)
    {
        context.Fill(state, one.Filled);
        context.Decode(one.Rows(0));
        var before = Environment.CpuUsage.TotalTime;
        for (var step = 1; step <= Steps; step++)
            context.Decode(one.Rows(step));
        return (Environment.CpuUsage.TotalTime - before).TotalMilliseconds / Steps;
    }
}
