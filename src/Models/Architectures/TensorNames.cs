namespace OrleansInference.Models.Architectures;

/// <summary>Names that every architecture shares.</summary>
public static class TensorNames
{
    public const string Embedding = "token_embd.weight";
    public const string Output = "output.weight";
    public const string OutputNorm = "output_norm.weight";
    public const string LayerPrefix = "blk.";

    /// <summary>Splits "blk.3.attn_q.weight" into 3 and "attn_q.weight". False for a tensor of no layer.</summary>
    public static bool TryParseLayer(string name, out int layer, out string rest)
    {
        (layer, rest) = (0, "");
        if (!name.StartsWith(LayerPrefix, StringComparison.Ordinal))
            return false;

        var dot = name.IndexOf('.', LayerPrefix.Length);
        if (dot < 0)
            return false;

        var digits = name.AsSpan(LayerPrefix.Length, dot - LayerPrefix.Length);
        if (digits.Length is 0 or > 4 || digits.ContainsAnyExceptInRange('0', '9') || (digits[0] == '0' && digits.Length > 1))
            return false;

        layer = int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture);
        rest = name[(dot + 1)..];
        return true;
    }

    public static string OfLayer(int layer, string rest) => $"{LayerPrefix}{layer}.{rest}";
}
