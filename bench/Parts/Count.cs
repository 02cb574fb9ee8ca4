namespace OrleansInference.Bench.Parts;

/// <summary>Numbers of things in words.</summary>
internal static class Count
{
    public static string Stages(int count) => count == 1 ? "1 stage" : FormattableString.Invariant($"{count} stages");

    public static string Streams(int count) => count == 1 ? "1 stream" : FormattableString.Invariant($"{count} streams");
}
