namespace OrleansInference.Bench.Measuring;

/// <summary>Something that is measured: a column of a table. Units are in the name.</summary>
internal sealed record Quantity(string Name, int Decimals)
{
    public static Quantity TokensPerSecond { get; } = new("tokens/s", 2);

    /// <summary>From the request to the first token at the client.</summary>
    public static Quantity FirstToken { get; } = new("first token, ms", 0);

    /// <summary>From one token to the next at the client.</summary>
    public static Quantity TokenGap { get; } = new("between tokens, ms", 1);

    /// <summary>From the requests to the last token of all.</summary>
    public static Quantity Whole { get; } = new("all, s", 2);

    /// <summary>From the head, where a token becomes text, to the client.</summary>
    public static Quantity AddedLatency { get; } = new("head to client, ms", 2);

    public static Quantity GatewayCores { get; } = new("cores of the gateway", 3);

    /// <summary>Of each processor, with nothing to do but to be watched.</summary>
    public static Quantity MachinePauses { get; } = new("the machine's own pauses over 1 ms, /s", 1);

    /// <summary>Of the tokens that were guessed ahead, as the server says; 0 where none were.</summary>
    public static Quantity GuessesRight { get; } = new("guesses right, %", 0);

    /// <summary>Prompt tokens that were not computed again, as the server says.</summary>
    public static Quantity CachedTokens { get; } = new("prompt tokens reused", 0);
}
