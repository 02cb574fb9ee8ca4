using Orleans;

namespace OrleansInference.Grains.Clusters;

/// <summary>A model to serve.</summary>
/// <param name="Model">The model in the store: its name, or name@version, of 1 to 201 characters. Requests name it the same way.</param>
/// <param name="Replicas">Pipelines that serve it, 1 to 64.</param>
/// <param name="SlotCount">Sequences served at once by a pipeline, 1 to 256.</param>
/// <param name="ContextLength">Positions that one sequence may take; 0 takes the model's own.</param>
/// <param name="MaximumBatchRows">Rows per batch, 1 to 4096.</param>
/// <param name="QueueLength">Completions that may wait for a slot of a pipeline, over all gateways, 0 to 10,000.</param>
[GenerateSerializer, Immutable]
public sealed record ModelDeployment(string Model, int Replicas, int SlotCount, int ContextLength, int MaximumBatchRows, int QueueLength)
{
    /// <summary>A name and a version of 100 characters each.</summary>
    public const int LongestModel = 100 + 1 + 100;

    /// <exception cref="ArgumentException">A number is out of range; the message names it and the range.</exception>
    public void Validate()
    {
        if (string.IsNullOrWhiteSpace(Model) || Model.Length > LongestModel)
            throw new ArgumentException($"A deployment names its model in 1 to {LongestModel} characters.");
        Require(nameof(Replicas), Replicas, 1, 64);
        Require(nameof(SlotCount), SlotCount, 1, 256);
        Require(nameof(ContextLength), ContextLength, 0, 1 << 20);
        Require(nameof(MaximumBatchRows), MaximumBatchRows, 1, 4096);
        Require(nameof(QueueLength), QueueLength, 0, 10_000);
    }

    private void Require(string name, int value, int least, int most)
    {
        if (value < least || value > most)
            throw new ArgumentException($"Deployment of {Model}: {name} is {value}; it must be {least} to {most}.");
    }
}
