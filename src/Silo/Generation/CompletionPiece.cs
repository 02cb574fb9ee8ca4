using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Generation;

/// <summary>What a completion has to show next; valid until its text is asked for more.</summary>
internal readonly ref struct CompletionPiece(ITokenizer tokenizer, ReadOnlySpan<char> text, ReadOnlySpan<SampledToken> tokens)
{
    public ReadOnlySpan<char> Text { get; } = text;

    public ReadOnlySpan<SampledToken> Tokens { get; } = tokens;

    public bool IsEmpty => Text.IsEmpty && Tokens.IsEmpty;

    public void WriteTo(DeltaBuffer delta)
    {
        delta.AddText(Text);
        foreach (var token in Tokens)
        {
            var alternatives = token.Alternatives ?? [];
            delta.AddToken(token.Token, tokenizer.PieceOf(token.Token).Span, token.LogProbability, alternatives.Length);
            foreach (var other in alternatives)
                delta.AddAlternative(other.Token, tokenizer.PieceOf(other.Token).Span, other.LogProbability);
        }
    }
}
