namespace OrleansInference.Bench;

/// <summary>One way of decoding, and the tokens per second that each round measured.</summary>
internal sealed record Series(string Name)
{
    public List<double> Speeds { get; } = [];

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
