using System.Collections.Immutable;
using System.Text;

namespace OrleansInference.Gateway.OpenAI.Completions;

/// <summary>One prompt: its text or its tokens.</summary>
internal sealed record TextPrompt(string? Text, ImmutableArray<int>? Tokens)
{
    // A token is about four bytes of text, which is what admission estimates by.
    private const int BytesPerToken = 4;

    public long Bytes { get; } = Text is null ? (long)Tokens!.Value.Length * BytesPerToken : Encoding.UTF8.GetByteCount(Text);
}
