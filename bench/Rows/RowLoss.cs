namespace OrleansInference.Bench.Rows;

/// <summary>
/// What a model's own hidden rows lose: each element's error over the root mean square of its row, and how often the next token is the one
/// that exact rows lead to.
/// </summary>
internal sealed class RowLoss
{
    private double _sum;
    private long _elements;

    public double MaximumError { get; private set; }

    public double MeanError => _sum / _elements;

    public int Tokens { get; private set; }

    public int SameTokens { get; private set; }

    public void AddRow(ReadOnlySpan<float> exact, ReadOnlySpan<float> arrived)
    {
        var squares = 0.0;
        foreach (var element in exact)
            squares += element * (double)element;
        var scale = Math.Sqrt(squares / exact.Length);
        for (var index = 0; index < exact.Length; index++)
        {
            var error = Math.Abs(arrived[index] - exact[index]) / scale;
            MaximumError = Math.Max(MaximumError, error);
            _sum += error;
            _elements++;
        }
    }

    public void AddToken(bool isSame)
    {
        Tokens++;
        SameTokens += isSame ? 1 : 0;
    }

    public override string ToString() => $"error {MeanError:G2} mean, {MaximumError:G2} at most; {SameTokens} of {Tokens} tokens the same";
}
