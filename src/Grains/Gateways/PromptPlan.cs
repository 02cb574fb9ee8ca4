namespace OrleansInference.Grains.Gateways;

/// <summary>
/// How to cut a prompt into prefill chunks. With one stage the largest chunk is the fastest. With several, a later stage idles until the
/// first chunk has come to it, and an earlier one after the last chunk has left it: of K chunks over S stages that takes
/// (K + S - 1) / (K × S) of what one stage would. Many chunks keep it near 1 / S, as long as a chunk
/// is a whole step of rows.
/// </summary>
/// <param name="Tokens">Estimate; only the head can tokenize.</param>
/// <param name="ChunkRows">Rows per prefill chunk.</param>
public readonly record struct PromptPlan(int Tokens, int ChunkRows)
{
    public static PromptPlan For(long promptBytes, int stageCount, int maximumBatchRows, AdmissionOptions options)
    {
        var tokens = (int)Math.Clamp((promptBytes + options.PromptBytesPerToken - 1) / options.PromptBytesPerToken, 1, int.MaxValue / 2);
        var chunks = stageCount * options.ChunksPerStage;
        var steps = Math.Max(1, (int)Math.Round((double)tokens / chunks / options.ChunkRowStep));
        var rows = Math.Min((long)steps * options.ChunkRowStep, maximumBatchRows);
        return new PromptPlan(tokens, stageCount == 1 ? maximumBatchRows : (int)rows);
    }
}
