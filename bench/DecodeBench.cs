using System.Globalization;

namespace OrleansInference.Bench;

/// <summary>Decode speed over HTTP with one and with three stages, against a bare context, all in one run.</summary>
internal static class DecodeBench
{
    public static async Task<int> RunAsync(BenchOptions options, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("oinf-bench-").FullName;
        try
        {
            await Console.Out.WriteLineAsync($"Writing a random {options.Shape} in {options.Type} …");
            var model = await BenchModel.CreateAsync(options, folder, cancellation);
            var table = DecodeTable.Create(options, await MeasureAsync(options, model, folder, cancellation));
            await Console.Out.WriteLineAsync(table);
            BenchmarkPage.Write("decode", table);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<IReadOnlyList<Series>> MeasureAsync(
        BenchOptions options, BenchModel model, string folder, CancellationToken cancellation)
    {
        await Console.Out.WriteLineAsync("Starting a bare context, one silo and three silos …");
        using var bare = new BareContext(model.Path);
        await using var one = await ServedModel.StartAsync(model.Store.Root, Path.Combine(folder, "one"), model.Silos(1), cancellation);
        await using var three = await ServedModel.StartAsync(model.Store.Root, Path.Combine(folder, "three"), model.Silos(3), cancellation);
        int[] prompt = [.. Enumerable.Range(300, BenchOptions.PromptTokens)];
        Series[] all = [new("bare llama.cpp context, 1 thread"), new("over HTTP, 1 stage"), new("over HTTP, 3 stages")];
        for (var round = 0; round <= options.Rounds; round++)
        {
            double[] speeds =
            [
                bare.Decode(prompt, options.Tokens),
                await one.DecodeAsync(prompt, options.Tokens, cancellation),
                await three.DecodeAsync(prompt, options.Tokens, cancellation),
            ];
            await Console.Out.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"round {round}{(round == 0 ? " (warm-up)" : "")}: {string.Join(", ", speeds.Select(s => s.ToString("F2", CultureInfo.InvariantCulture)))} tokens/s"));
            for (var i = 0; round > 0 && i < all.Length; i++)
                all[i].Speeds.Add(speeds[i]);
        }

        return all;
    }
}
