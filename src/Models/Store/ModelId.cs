using System.Text.RegularExpressions;

namespace OrleansInference.Models.Store;

/// <summary>
/// Names and versions of models; they become folder names, so nothing that could leave the store's folder is let through.
/// </summary>
internal static partial class ModelId
{
    public const string Rule = "letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 100";

    public static bool IsPart(string text) => Part().IsMatch(text);

    /// <exception cref="ArgumentException">The text is no name or version.</exception>
    public static void CheckPart(string text, string option)
    {
        if (!IsPart(text))
            throw new ArgumentException($"'{text}' is no {option.ToLowerInvariant()} of a model; allowed are {Rule}.", option);
    }

    /// <summary>Splits name@version; the version is null where only a name is given.</summary>
    public static bool TryParse(string model, out string name, out string? version)
    {
        var at = model.IndexOf('@', StringComparison.Ordinal);
        (name, version) = at < 0 ? (model, null) : (model[..at], model[(at + 1)..]);
        return IsPart(name) && (version is null || IsPart(version));
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,99}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Part();
}
