using System.Globalization;

namespace OrleansInference.Simulation.Tests.Clients;

/// <summary>A client's request, from its beginning to its end.</summary>
internal sealed class RequestRecord(long number, string model, int promptTokens, int maximumTokens, TimeSpan startedAt)
{
    private readonly List<ulong> _tokens = [];

    public long Number => number;

    public string Model => model;

    public int PromptTokens => promptTokens;

    public int MaximumTokens => maximumTokens;

    public TimeSpan StartedAt => startedAt;

    public ulong Seed => (ulong)number * 0x9E37_79B9_7F4A_7C15;

    public IReadOnlyList<ulong> Tokens => _tokens;

    /// <summary>How it ended; null while it has not.</summary>
    public string? Outcome { get; private set; }

    public bool HasEnded => Outcome is not null;

    /// <summary>What is wrong with a token that arrived; null when it is the next one.</summary>
    public string? Add(int position, ulong token)
    {
        if (position != _tokens.Count)
            return string.Create(CultureInfo.InvariantCulture, $"got token {position} after {_tokens.Count} tokens");
        if (token != DataPlane.Sampling.TokenAt(Seed, position))
            return string.Create(CultureInfo.InvariantCulture, $"token {position} is not the one that its seed gives");
        _tokens.Add(token);
        return null;
    }

    public void End(string outcome) => Outcome ??= outcome;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"request {number} for {model} ({promptTokens}+{maximumTokens} tokens, since {startedAt}): {Outcome ?? "open"}");
}
