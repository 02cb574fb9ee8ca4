using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Gateway.Serving;

/// <summary>The model that this gateway deploys when it starts. Configuration section: Serve.</summary>
internal sealed class ServeOptions
{
    public const string Section = "Serve";

    /// <summary>
    /// The model in the store: its name, or name@version where the store has several versions; requests name it the same way. Empty deploys
    /// nothing, and the cluster keeps what it has.
    /// </summary>
    [RegularExpression("^$|^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(@[A-Za-z0-9][A-Za-z0-9._-]{0,99})?$",
        ErrorMessage = "Serve:Model must be a model's name or name@version, "
            + "each a letter or digit, then at most 99 letters, digits, '.', '_' or '-'.")]
    public string Model { get; set; } = "";

    /// <summary>Pipelines that serve the model. Default 1.</summary>
    [Range(1, 64)]
    public int Replicas { get; set; } = 1;

    /// <summary>Completions that a pipeline works on at once. Default 8.</summary>
    [Range(1, 256)]
    public int Slots { get; set; } = 8;

    /// <summary>Positions that one completion may take, prompt included; 0 takes the model's own. Default 0.</summary>
    [Range(0, 1_048_576)]
    public int ContextLength { get; set; }

    /// <summary>Rows of a batch, and so of the largest prefill chunk. Default 128.</summary>
    [Range(1, 4_096)]
    public int BatchRows { get; set; } = 128;

    /// <summary>Completions that may wait for a slot of a pipeline, over all gateways. Default 64.</summary>
    [Range(0, 10_000)]
    public int QueueLength { get; set; } = 64;
}
