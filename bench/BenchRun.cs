using OrleansInference.Bench.Calls;
using OrleansInference.Bench.Measuring;
using OrleansInference.Bench.Parts;
using OrleansInference.Bench.Rows;

namespace OrleansInference.Bench;

/// <summary>Measures parts one after another, with what they share, and writes each into the page as soon as it is done.</summary>
/// <param name="Rounds">Null for each part's own.</param>
/// <param name="Tokens">Null for each part's own.</param>
internal sealed record BenchRun(string Shape, string Type, int? Rounds, int? Tokens)
{
    private const int KvRounds = 3;

    public static IReadOnlyList<IPart> AllParts { get; } =
    [
        new DecodePart(),
        new StreamsPart("streams", "Decoding of 8 and of 16 streams at once, over HTTP.", [8, 16]),
        new StreamsPart("uneven", "Decoding of 3 and of 13 streams at once, over HTTP.", [3, 13]),
        new PrefillPart(), new PrefixPart(), new KeptPart(), new DelayPart(), new DraftsPart(),
        new GatewayPart(), new AllocationPart(),
    ];

    public async Task<int> MeasureAllAsync(CancellationToken cancellation)
    {
        await MeasureAsync(AllParts, cancellation);
        await RowsBench.RunAsync(cancellation);
        await MeasureKvAsync(cancellation);
        return await CallBench.RunAsync(cancellation);
    }

    public Task<int> MeasureKvAsync(CancellationToken cancellation) =>
        KvBench.RunAsync(new BenchOptions(Shape, Type, Rounds ?? KvRounds, Tokens: 0), cancellation);

    public async Task<int> MeasureAsync(IReadOnlyList<IPart> parts, CancellationToken cancellation)
    {
        await using var bench = new Workbench(Shape, Type);
        foreach (var part in parts)
        {
            await Console.Out.WriteLineAsync($"\n{part.Name}: {part.Description}");
            var rounds = Rounds ?? part.Rounds;
            var scenario = await part.PrepareAsync(bench, Tokens ?? part.Tokens, cancellation);
            await scenario.MeasureAsync(rounds, cancellation);
            var table = ScenarioTable.Create(scenario, rounds);
            await Console.Out.WriteLineAsync($"\n{table}");
            BenchmarkPage.Write(part.Name, table);
        }

        return 0;
    }
}
