using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.Gateways;

/// <summary>How a gateway admits requests.</summary>
public sealed class AdmissionOptions
{
    public const string Section = "Admission";

    /// <summary>
    /// Age at which the picture of the cluster is renewed while requests come. Without any it is renewed every second, and the first
    /// request after that is refused only by a new one. Default 200 ms.
    /// </summary>
    [Range(20, 5_000)]
    public int RefreshMilliseconds { get; set; } = 200;

    /// <summary>
    /// Age from which the picture is not believed any more: without a new one nothing is ready then, and one of a cluster grain that has
    /// just moved is better than none. Default 5 s.
    /// </summary>
    [Range(1, 300)]
    public int StaleSeconds { get; set; } = 5;

    /// <summary>A lease that was not given back ends after so long. Default 30 minutes.</summary>
    [Range(1, 86_400)]
    public int LeaseSeconds { get; set; } = 1_800;

    /// <summary>Expected bytes of prompt per token, for estimates. Default 4.</summary>
    [Range(1, 16)]
    public int PromptBytesPerToken { get; set; } = 4;

    /// <summary>Chunks of a prompt for each stage of a pipeline of several: with 8, stages idle for at most an eighth. Default 8.</summary>
    [Range(1, 64)]
    public int ChunksPerStage { get; set; } = 8;

    /// <summary>
    /// A chunk is a multiple of so many rows. llama.cpp's attention on a CPU takes 64 at a time; below it is slower by far. Default 64.
    /// </summary>
    [Range(1, 4_096)]
    public int ChunkRowStep { get; set; } = 64;
}
