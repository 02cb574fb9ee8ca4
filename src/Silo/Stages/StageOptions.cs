using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Silo.Stages;

/// <summary>Bounds of a silo's stages. Configuration section "Stages".</summary>
internal sealed class StageOptions
{
    public const string Section = "Stages";

    /// <summary>Shards that the silo holds at once. Default 16.</summary>
    [Range(1, 1024)]
    public int MaximumCount { get; set; } = 16;

    /// <summary>Frames that wait for a stage; beyond it the sender waits. Default 256.</summary>
    [Range(1, 65_536)]
    public int QueuedFrames { get; set; } = 256;

    /// <summary>Failed computations in a row after which the stage is faulted and its engine is loaded anew. Default 3.</summary>
    [Range(1, 1000)]
    public int ConsecutiveFaults { get; set; } = 3;

    /// <summary>How long a closing stage waits for gateways to take the last words of its requests. Default 1 second.</summary>
    [Range(0, 60)]
    public double CloseSeconds { get; set; } = 1;
}
