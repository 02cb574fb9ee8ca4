using System.Collections.Immutable;
using Orleans.Runtime;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Planning;
using OrleansInference.Grains.Shards;

namespace OrleansInference.Grains.Pipelines;

// From a wish to a plan that is booked and written down, before any shard hears of it.
internal sealed partial class PipelineGrain
{
    private async Task PlanAsync(PipelineSpecification specification)
    {
        try
        {
            var offers = await Cluster.GetOffersAsync(Key);
            if (!offers.Settled)
                WaitFor(RetryDelay.After(1, _options), "waits until the devices have reported");
            else
                await AdoptAsync(specification, await ReadModelAsync(specification), offers.Devices);
        }
        catch (ModelNotFoundException exception)
        {
            WaitFor(RetryDelay.After(++_failures, _options), exception.Message);
        }
        catch (Exception exception) when (IsOutOfReach(exception))
        {
            WaitFor(RetryDelay.After(1, _options), $"cannot plan yet: {exception.Message}");
        }
    }

    private async Task AdoptAsync(PipelineSpecification specification, ModelProfile model, ImmutableArray<DeviceOffer> offers)
    {
        var decision = PlanDecision.Of(specification, model, offers, Record.Stages, _suspicions.Current(), _planning);
        if (decision.Plan is not { } plan)
        {
            await ReleaseAsync();
            WaitFor(RetryDelay.After(1, _options), decision.Refusal!.Message);
            return;
        }
        var stages = Place(plan, offers);
        var epoch = Record.Epoch + 1;
        var leaving = Record.Stages.RemoveAll(stage =>
            StaysPut(stage, stages) || !offers.Any(offer => offer.Registration.Silo.Equals(stage.Silo)));
        var outcome = await Cluster.ReserveAsync(Book([.. stages, .. leaving], epoch));
        if (!outcome.Granted)
        {
            WaitFor(RetryDelay.After(1, _options), outcome.Refusal!);
            return;
        }
        if (!await LeaveAsync(leaving))
            return;
        _record.State = new PipelineRecord
        {
            Epoch = epoch,
            Specification = specification,
            ContextLength = PlanDecision.ContextLength(specification, model),
            Stages = stages,
        };
        await _record.WriteStateAsync();
        if (!leaving.IsEmpty)
            await Cluster.ReserveAsync(Book(stages, epoch));
        _tracker.Restart();
        _isAdopting = false;
        _plannedAt = _time.GetUtcNow();
        var description = stages.Select(static stage => $"{stage.Device} [{stage.FirstLayer}, {stage.EndLayer})");
        LogPlanned(_logger, Key, epoch, string.Join(", ", description));
        Enter(PipelineState.Loading, "loads its layers");
    }

    /// <summary>Unloads stages that the new plan has elsewhere; their memory stays booked until they are gone.</summary>
    private async Task<bool> LeaveAsync(ImmutableArray<PlacedStage> leaving)
    {
        var verdict = RingVerdict.OfCalls(await UnloadAsync(leaving));
        if (verdict.Condition != RingCondition.Failed)
            return true;
        WaitFor(RetryDelay.After(++_failures, _options), $"cannot free a device: {verdict.Reason}");
        return false;
    }

    /// <summary>A pipeline that has no plan holds nothing, so that another one may have the memory.</summary>
    private async Task ReleaseAsync()
    {
        if (Record.Stages.IsEmpty)
            return;
        if (!await LeaveAsync(Record.Stages))
            return;
        _record.State = new PipelineRecord { Epoch = Record.Epoch };
        await _record.WriteStateAsync();
        await Cluster.ReserveAsync(new MemoryReservation(Key, Record.Epoch, []));
        _tracker.Restart();
    }

    private async Task ImproveAsync(PipelineSpecification specification)
    {
        // Conversations do not move yet, so a better plan waits for a moment without any.
        if (!_planning.ReplanPolicy.HasCooledDown(_time.GetUtcNow() - _plannedAt) || _tracker.IsBusy(Record.Stages[0]))
            return;
        try
        {
            var offers = await Cluster.GetOffersAsync(Key);
            var model = await ReadModelAsync(specification);
            var decision = PlanDecision.Of(specification, model, offers.Devices, Record.Stages, _suspicions.Current(), _planning);
            if (offers.Settled && decision.IsMove)
                PlanAgain("moves to a better plan");
        }
        catch (Exception exception) when (IsOutOfReach(exception) || exception is ModelNotFoundException)
        {
            LogNoImprovement(_logger, Key, exception.Message);
        }
    }

    private Task<ModelProfile> ReadModelAsync(PipelineSpecification specification) =>
        GrainFactory.GetGrain<IModelGrain>(specification.Model).GetProfileAsync();

    private Task<ShardAnswer[]> UnloadAsync(ImmutableArray<PlacedStage> stages) =>
        Task.WhenAll(stages.Select(stage => _ring.UnloadAsync(stage, Record.Epoch)));

    private MemoryReservation Book(ImmutableArray<PlacedStage> stages, long epoch) => new(
        Key, epoch, [.. stages.GroupBy(static stage => stage.Device, StringComparer.Ordinal)
            .Select(static device => new MemoryCommitment(device.Key, device.Sum(static stage => stage.Bytes)))]);

    private static ImmutableArray<PlacedStage> Place(PipelinePlan plan, ImmutableArray<DeviceOffer> offers)
    {
        var silos = offers.ToDictionary(
            static offer => offer.Registration.Profile.Name, static offer => offer.Registration.Silo, StringComparer.Ordinal);
        return [.. plan.Stages.Select((stage, index) =>
            new PlacedStage(index, stage.FirstLayer, stage.EndLayer, stage.Device, silos[stage.Device], stage.Bytes))];
    }

    // The stage host itself replaces what a stage holds, or keeps it.
    private static bool StaysPut(PlacedStage stage, ImmutableArray<PlacedStage> stages) =>
        stage.Stage < stages.Length && stages[stage.Stage].Silo.Equals(stage.Silo);

    private static bool IsOutOfReach(Exception exception) =>
        exception is OrleansException or TimeoutException or DeviceUnavailableException;
}
