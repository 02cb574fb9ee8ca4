using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Gateway.Heads;

/// <summary>Tokens of the prompts that heads have answered since this gateway started, and how many of them were not computed anew.</summary>
internal sealed class PromptTotals
{
    private long _tokens;
    private long _cachedTokens;

    public long Tokens => Interlocked.Read(ref _tokens);

    public long CachedTokens => Interlocked.Read(ref _cachedTokens);

    public void Add(GenerationFinish finish)
    {
        if (finish.Reason == FinishReason.Error)
            return;
        Interlocked.Add(ref _tokens, finish.PromptTokens);
        Interlocked.Add(ref _cachedTokens, finish.CachedTokens);
    }
}
