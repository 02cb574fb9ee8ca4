using OrleansInference.Grains.Shards;

namespace OrleansInference.Grains.Pipelines;

internal enum ShardProblem
{
    None,

    /// <summary>The shard's silo has left the cluster.</summary>
    SiloLost,

    /// <summary>The silo lives, but there was no answer, or not from where the shard belongs; asking again may help.</summary>
    Unanswered,

    /// <summary>The shard said no.</summary>
    Refused,
}

/// <summary>What came of a call to a shard.</summary>
/// <param name="Status">Set when the call returns one and went well.</param>
internal sealed record ShardAnswer(PlacedStage Stage, ShardStatus? Status, ShardProblem Problem, string? Reason)
{
    public bool IsGood => Problem == ShardProblem.None;
}
