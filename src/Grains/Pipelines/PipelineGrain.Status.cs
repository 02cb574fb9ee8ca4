using OrleansInference.Grains.Shards;

namespace OrleansInference.Grains.Pipelines;

// What shards are told of the pipeline, and what others are.
internal sealed partial class PipelineGrain
{
    private StageAssignment ToAssignment(PipelineSpecification specification, PlacedStage stage) => new(
        Key, specification.Model, Record.Epoch, stage.Stage, Record.Stages.Length, stage.FirstLayer, stage.EndLayer, stage.Device,
        specification.SlotCount, checked(specification.SlotCount * Record.ContextLength), Record.ContextLength,
        specification.MaximumBatchRows, specification.QueueLength);

    private StageLink ToLink(PlacedStage stage)
    {
        var next = stage.Stage + 1 < Record.Stages.Length ? _tracker.EndpointOf(Record.Stages[stage.Stage + 1]) : null;
        return new StageLink(Key, Record.Epoch, stage.Stage, next, _tracker.EndpointOf(Record.Stages[0]));
    }

    private PipelineStatus Describe(PipelineSpecification specification) => new(
        specification, Record.Epoch, _phase, _tracker.Describe(Record.Stages),
        _phase == PipelineState.Ready ? _tracker.EndpointOf(Record.Stages[0]) : null,
        Record.ContextLength, _phase == PipelineState.Ready ? 1 : _tracker.Progress(Record.Stages), _reason);

    private async Task PublishAsync(PipelineSpecification specification)
    {
        var status = Describe(specification);
        var isNews = _status is null || !_status.IsSameAs(status);
        _status = status;
        if (isNews)
            await Cluster.ReportPipelineAsync(status);
    }
}
