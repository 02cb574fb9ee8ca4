using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Gateway.Heads;

/// <summary>
/// Tokens of what heads have answered since this gateway started: of prompts, and how many of them were not computed anew; of guesses, and
/// how many of them were right.
/// </summary>
internal sealed class TokenTotals
{
    private long _promptTokens;
    private long _cachedTokens;
    private long _draftedTokens;
    private long _acceptedTokens;

    public long PromptTokens => Interlocked.Read(ref _promptTokens);

    public long CachedTokens => Interlocked.Read(ref _cachedTokens);

    public long DraftedTokens => Interlocked.Read(ref _draftedTokens);

    public long AcceptedTokens => Interlocked.Read(ref _acceptedTokens);

    public void Add(GenerationFinish finish)
    {
        if (finish.Reason == FinishReason.Error)
            return;
        Interlocked.Add(ref _promptTokens, finish.PromptTokens);
        Interlocked.Add(ref _cachedTokens, finish.CachedTokens);
        Interlocked.Add(ref _draftedTokens, finish.DraftedTokens);
        Interlocked.Add(ref _acceptedTokens, finish.AcceptedTokens);
    }
}
