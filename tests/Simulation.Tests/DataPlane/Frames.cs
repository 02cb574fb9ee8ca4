namespace OrleansInference.Simulation.Tests.DataPlane;

/// <summary>Rows on their way through the stages.</summary>
/// <param name="Sequence">The head's number of a request that it computes.</param>
/// <param name="WantsToken">Whether the last stage is to sample; not for a prompt's earlier chunks.</param>
internal sealed record RowsFrame(long Sequence, ulong Seed, int Position, int Rows, bool WantsToken);

/// <summary>A token that goes round to prove the ring.</summary>
/// <param name="Visited">Stages that it passed.</param>
internal sealed record ProofFrame(int Visited);

/// <summary>What the last stage sampled.</summary>
internal sealed record TokenFrame(long Sequence, int Position, ulong Token);

/// <summary>A gateway's request to the head.</summary>
internal sealed record GenerateFrame(ulong Seed, int PromptTokens, int MaximumTokens, int ChunkRows);

internal sealed record DeltaFrame(int Position, ulong Token);

/// <param name="Error">Null when the answer is whole.</param>
/// <param name="MayRetry">Whether another head may do better.</param>
internal sealed record FinishFrame(string? Error, bool MayRetry);

internal static class Sampling
{
    /// <summary>The one token that is right at this position of this request.</summary>
    public static ulong TokenAt(ulong seed, int position)
    {
        var mixed = (seed + (ulong)position) * 0xBF58_476D_1CE4_E5B9;
        return mixed ^ mixed >> 31;
    }
}
