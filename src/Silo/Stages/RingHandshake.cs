using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.Grains.Shards;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Stages;

/// <summary>What a stage says of itself when it connects onward, and what it asks of the stages that connect to it.</summary>
internal sealed class RingHandshake(StageAssignment assignment, StageShape shape, DataPlaneConnector connector)
{
    private bool IsLast => assignment.Stage == assignment.StageCount - 1;

    private string Name => $"Stage {assignment.Stage} of {assignment.Pipeline}";

    public HelloFrame HelloTo(string endpoint) => new()
    {
        Role = IsLast ? ConnectionRole.Tokens : ConnectionRole.Ring,
        Pipeline = assignment.Pipeline,
        Epoch = assignment.Epoch,
        Stage = assignment.Stage,
        ElementType = connector.ElementTypeTo(endpoint),
        HiddenSize = IsLast ? 0 : shape.HiddenSize,
        SlotCount = assignment.SlotCount,
        PositionCount = assignment.CellCount,
        ContentHash = shape.ContentHash,
    };

    /// <summary>Why the pipeline's largest batch cannot travel on a Ring connection, and what would be right; null when it can.</summary>
    public string? BatchProblemOf(HelloFrame hello) =>
        hello.Role == ConnectionRole.Ring && connector.BatchProblemOf(hello, assignment.MaximumBatchRows) is { } problem
            ? $"{problem}; lower Serve:BatchRows, which is {assignment.MaximumBatchRows}, or raise the bounds on every silo"
            : null;

    /// <exception cref="DataPlaneRefusedException">The stage that connects is of another plan or model, or its batches are too large here.</exception>
    public void Check(HelloFrame hello)
    {
        if (hello.Role == ConnectionRole.Ring && hello.HiddenSize != shape.HiddenSize)
            throw new DataPlaneRefusedException($"{Name} has a hidden size of {shape.HiddenSize}, not {hello.HiddenSize}.");
        if (hello.SlotCount != assignment.SlotCount || hello.PositionCount != assignment.CellCount)
        {
            throw new DataPlaneRefusedException(
                $"{Name} has {assignment.SlotCount} slots and {assignment.CellCount} cells, " +
                $"not {hello.SlotCount} and {hello.PositionCount}.");
        }
        if (hello.ContentHash != shape.ContentHash)
        {
            throw new DataPlaneRefusedException(
                $"{Name} was loaded from another {assignment.Model} than stage {hello.Stage}: its content is {Shorten(shape.ContentHash)}, " +
                $"not {Shorten(hello.ContentHash)}; import the same file as {assignment.Model} on every silo.");
        }
        if (BatchProblemOf(hello) is { } problem)
            throw new DataPlaneRefusedException($"{Name} could not take its batches: {problem}.");
    }

    private static string Shorten(string hash) => hash[..Math.Min(hash.Length, 12)];
}
