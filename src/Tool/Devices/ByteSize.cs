using System.Globalization;

namespace OrleansInference.Tool.Devices;

/// <summary>Sizes as people write them: 1500000, 10MB (10^6), 10MiB (2^20), 1.5GB.</summary>
internal static class ByteSize
{
    private static readonly (string Unit, long Bytes)[] Units =
    [
        ("kib", 1L << 10), ("mib", 1L << 20), ("gib", 1L << 30), ("kb", 1_000), ("mb", 1_000_000), ("gb", 1_000_000_000), ("b", 1),
    ];

    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var (number, factor) = (text.Trim(), 1L);
        foreach (var (unit, size) in Units)
        {
            if (!number.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
                continue;
            (number, factor) = (number[..^unit.Length].TrimEnd(), size);
            break;
        }

        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            || value <= 0 || value > long.MaxValue / factor)
            return false;
        bytes = (long)(value * factor);
        return bytes > 0;
    }

    public static string Format(long bytes) => bytes switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.##} GB"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.#} MB"),
        >= 1_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.#} kB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
    };
}
