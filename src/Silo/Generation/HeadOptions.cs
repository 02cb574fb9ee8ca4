using System.ComponentModel.DataAnnotations;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Generation;

/// <summary>Bounds of a head. Configuration section "Generation".</summary>
internal sealed class HeadOptions
{
    public const string Section = "Generation";

    /// <summary>
    /// Batches on their way round the ring at once. Default 0: one for each stage, and more where links are slow or few streams are
    /// quicker one by one.
    /// </summary>
    [Range(0, 64)]
    public int BatchesInFlight { get; set; }

    /// <summary>
    /// How long a batch that holds rows of a prompt may keep a stage busy while streams wait for it, longer while several prompts wait.
    /// Default 200 milliseconds.
    /// </summary>
    [Range(1, 10_000)]
    public int StepMilliseconds { get; set; } = 200;

    /// <summary>Whether a prompt starts from the KV of an earlier sequence that began alike. Default true.</summary>
    public bool PrefixReuse { get; set; } = true;

    /// <summary>A common beginning of fewer tokens is computed again. Default 16.</summary>
    [Range(1, 65_536)]
    public int MinimumReusedTokens { get; set; } = 16;

    /// <summary>
    /// Tokens that one stream may guess ahead of what is known, to keep stages at work that would idle and to fill batches. 0 switches
    /// guessing off. Default 16.
    /// </summary>
    [Range(0, 64)]
    public int DraftTokens { get; set; } = 16;

    /// <summary>
    /// Rows that one stream may have in a batch, its guesses included, where that brings more tokens for the time. 1 puts no guess beside
    /// another row, so that its logits have the very bits that they have without guesses. Default 4.
    /// </summary>
    [Range(1, 64)]
    public int DraftRows { get; set; } = RowTile.Rows;

    /// <summary>How long the ring may answer nothing, while batches are under way, before it counts as lost. Default 60 seconds.</summary>
    [Range(0.05, 3600)]
    public double BatchTimeoutSeconds { get; set; } = 60;

    /// <summary>How long the proving token may take round the ring. Default 8 seconds, below the grain call's own limit.</summary>
    [Range(0.05, 60)]
    public double ProofTimeoutSeconds { get; set; } = 8;

    /// <summary>Tokens that a completion may have waiting for its reader before it pauses. Default 256.</summary>
    [Range(1, 65_536)]
    public int OutboxTokens { get; set; } = 256;

    /// <summary>How long a completion may pause for its reader before it fails. Default 30 seconds.</summary>
    [Range(0.05, 3600)]
    public double PauseTimeoutSeconds { get; set; } = 30;

    /// <summary>Length of a stop text. Default 1024 characters.</summary>
    [Range(1, 65_536)]
    public int StopTextCharacters { get; set; } = 1024;

    /// <summary>What a refused client is told to wait before it tries again. Default 1000 milliseconds.</summary>
    [Range(1, 600_000)]
    public int RetryAfterMilliseconds { get; set; } = 1000;

    /// <summary>How long running completions may go on when the silo stops. Default 2 seconds.</summary>
    [Range(0, 60)]
    public double DrainSeconds { get; set; } = 2;
}
