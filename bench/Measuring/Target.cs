namespace OrleansInference.Bench.Measuring;

/// <summary>A figure of each round that is compared with what is aimed at.</summary>
/// <param name="Limit">What the median of the rounds is to reach; null only shows the figure.</param>
/// <param name="IsLeast">Whether more is better.</param>
internal sealed record Target(string Name, Func<int, double> OfRound, double? Limit, bool IsLeast)
{
    /// <summary>Both of the same round, so that a slow minute of the machine does not tell.</summary>
    public static Target Ratio(Series of, Series to, Quantity quantity, double? least = null, double? most = null) => new(
        $"{of.Name} ÷ {to.Name}, {quantity.Name.Split(',')[0]}",
        round => Statistics.Median(of.Rounds[round][quantity]) / Statistics.Median(to.Rounds[round][quantity]),
        least ?? most, IsLeast: least is not null);

    public string Wanted => Limit is { } limit ? FormattableString.Invariant($"{(IsLeast ? '≥' : '≤')} {limit}") : "";

    public string Verdict(double value) =>
        Limit is not { } limit ? "" : (IsLeast ? value >= limit : value <= limit) ? "reached" : "not reached";
}
