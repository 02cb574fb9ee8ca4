namespace OrleansInference.Bench.Measuring;

/// <summary>One way of doing a thing, and what each round measured of it.</summary>
internal sealed class Series(string name, Func<CancellationToken, Task<Measurement>> measure)
{
    public string Name => name;

    public List<Measurement> Rounds { get; } = [];

    public Task<Measurement> MeasureAsync(CancellationToken cancellation) => measure(cancellation);

    /// <summary>All values of all rounds.</summary>
    public double[] Of(Quantity quantity) => [.. Rounds.SelectMany(round => round.GetValueOrDefault(quantity, []))];
}
