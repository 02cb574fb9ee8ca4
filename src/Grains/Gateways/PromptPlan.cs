namespace OrleansInference.Grains.Gateways;

/// <summary>
/// How to cut a prompt into prefill chunks. With one stage the largest chunk is the fastest. With several, a prompt cut into about as
/// many chunks as there are stages keeps them all at work at once; finer cuts only make every stage read its weights more often.
/// </summary>
/// <param name="Tokens">Estimate; only the head can tokenize.</param>
/// <param name="ChunkRows">Rows per prefill chunk.</param>
public readonly record struct PromptPlan(int Tokens, int ChunkRows)
{
    public static PromptPlan For(long promptBytes, int stageCount, int maximumBatchRows, AdmissionOptions options)
    {
        var tokens = (int)Math.Clamp((promptBytes + options.PromptBytesPerToken - 1) / options.PromptBytesPerToken, 1, int.MaxValue / 2);
        var perStage = (tokens + stageCount - 1) / stageCount;
        var least = Math.Min(options.MinimumChunkRows, maximumBatchRows);
        return new PromptPlan(tokens, stageCount == 1 ? maximumBatchRows : Math.Clamp(perStage, least, maximumBatchRows));
    }
}
