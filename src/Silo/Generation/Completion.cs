using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Generation;

/// <summary>One request on its way through the head. The scheduler advances it, its connection sends what is in the outbox.</summary>
/// <param name="onOutput">Told whenever there is something to send; called by the scheduler, so it must not wait.</param>
internal sealed class Completion(long requestId, GenerationRequest request, int outboxTokens, Action<Completion>? onOutput)
{
    private readonly TaskCompletionSource<GenerationFinish> _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isCancelled;

    public long RequestId => requestId;

    public GenerationRequest Request => request;

    public CompletionOutbox Outbox { get; } = new(requestId, outboxTokens);

    /// <summary>Set when the prompt is tokenized.</summary>
    public PreparedPrompt Prompt { get; set; } = PreparedPrompt.None;

    /// <summary>Set while it holds a slot.</summary>
    public Sequence? Sequence { get; set; }

    public CompletionText? Text { get; set; }

    public int SampledTokens { get; private set; }

    /// <summary>When its reader fell behind; null while it does not.</summary>
    public long? PausedSince { get; set; }

    public bool IsCancelled => _isCancelled;

    public Task<GenerationFinish> Finished => _finished.Task;

    public void Cancel() => _isCancelled = true;

    /// <summary>Counts a token and emits its text; after the last one also what of the text was held back.</summary>
    /// <returns>Why the token is the last; null when more are to come.</returns>
    public FinishReason? Append(SampledToken token, ITokenizer tokenizer)
    {
        SampledTokens++;
        var isEnd = tokenizer.IsEndOfGeneration(token.Token);
        if (!isEnd)
            Emit(Text!.Append(token));
        if (Text!.IsStopped)
            return FinishReason.Stop;
        if (!isEnd && SampledTokens < Prompt.MaximumTokens)
            return null;
        Emit(Text.Flush());
        return isEnd ? FinishReason.Stop : FinishReason.Length;
    }

    public void Emit(CompletionPiece piece)
    {
        if (piece.IsEmpty)
            return;
        Outbox.Add(piece);
        onOutput?.Invoke(this);
    }

    public void Emit(string text)
    {
        if (text.Length == 0)
            return;
        Outbox.Add(text);
        onOutput?.Invoke(this);
    }

    public void Finish(FinishReason reason, GenerationError? error = null)
    {
        var drafts = Sequence?.Drafts;
        var finish = new GenerationFinish(
            reason, Prompt.Tokens.Length, SampledTokens, error, Sequence?.ReusedTokens ?? 0, drafts?.DraftedTokens ?? 0,
            drafts?.AcceptedTokens ?? 0);
        if (!_finished.TrySetResult(finish))
            return;
        Outbox.Finish(finish);
        onOutput?.Invoke(this);
    }
}
