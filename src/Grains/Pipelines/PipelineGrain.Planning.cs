using System.Collections.Immutable;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Planning;
using OrleansInference.Grains.Shards;

namespace OrleansInference.Grains.Pipelines;

// From a wish to a plan that is booked and written down, before any shard hears of it.
internal sealed partial class PipelineGrain
{
    // Whether the ledger may still hold something for this pipeline. A new activation cannot know.
    private bool _mayHaveBooked = true;

    private async Task PlanAsync(PipelineSpecification specification)
    {
        try
        {
            var offers = await Cluster.GetOffersAsync(Key);
            if (!offers.Settled)
                WaitFor(RetryDelay.After(1, _options), "waits until the devices have reported");
            else
                await CarryOutAsync(specification, await ReadModelAsync(specification), offers.Devices);
        }
        catch (InconsistentStateException)
        {
            // Another activation of this pipeline has written: this one knows nothing any more.
            DeactivateOnIdle();
            throw;
        }
        catch (Exception exception) when (IsOutOfReach(exception))
        {
            WaitFor(RetryDelay.After(1, _options), $"cannot plan yet: {exception.Message}");
        }
        catch (Exception exception)
        {
            // A model that is not in the store, a damaged manifest, a full disk: it shows as the reason, and may be put right.
            LogCannotPlan(_logger, Key, exception.Message);
            WaitFor(RetryDelay.After(++_failures, _options), $"cannot be planned: {exception.Message}");
        }
    }

    private async Task CarryOutAsync(PipelineSpecification specification, ModelProfile model, ImmutableArray<DeviceOffer> offers)
    {
        var decision = PlanDecision.Of(specification, model, offers, Record.Stages, _suspicions.Among(offers), _planning);
        if (decision.Plan is not { } plan)
        {
            await ReleaseAsync();
            WaitFor(RetryDelay.After(1, _options), $"waits for memory: {decision.Refusal!.Message}");
            return;
        }
        var stages = Place(plan, offers);
        var epoch = Record.Epoch + 1;
        _mayHaveBooked = true;
        // Not only those that are offered: a device that is silent for a while may still hold its stage.
        var present = Record.Stages.RemoveAll(stage => !_ring.IsAlive(stage.Silo));
        var isShared = offers.Any(offer => offer.HoldsReplica && stages.Any(stage => stage.Device == offer.Registration.Profile.Name));
        var outcome = await Cluster.ReserveAsync(Book(epoch, present, stages) with { MayShare = isShared });
        if (!outcome.Granted)
        {
            WaitFor(RetryDelay.After(1, _options), $"waits for memory: {outcome.Refusal}");
            return;
        }
        var leaving = present.RemoveAll(stage => StaysPut(stage, stages));
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
        if (!present.IsEmpty)
            await Cluster.ReserveAsync(Book(epoch, stages));
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
        var verdict = RingVerdict.OfUnloading(await UnloadAsync(leaving));
        if (verdict.Condition != RingCondition.Failed)
            return true;
        // Soon, however often it has failed: the moment that its silo is known to be dead, its memory is free.
        WaitFor(RetryDelay.After(1, _options), $"cannot free a device: {verdict.Reason}");
        return false;
    }

    /// <summary>A pipeline that has no plan holds nothing, so that another one may have the memory.</summary>
    private async Task ReleaseAsync()
    {
        if (!_mayHaveBooked || !await LeaveAsync(Record.Stages))
            return;
        if (!Record.Stages.IsEmpty)
        {
            _record.State = new PipelineRecord { Epoch = Record.Epoch };
            await _record.WriteStateAsync();
            _tracker.Restart();
        }
        // The next epoch, because a plan that was booked but never written down has that one.
        _mayHaveBooked = !(await Cluster.ReserveAsync(Book(Record.Epoch + 1, []))).Granted;
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
            var decision = PlanDecision.OfServing(
                specification, model, offers.Devices, Record.Stages, _suspicions.Among(offers.Devices), _planning);
            if (offers.Settled && decision.IsMove)
                PlanAgain("moves to a better plan");
        }
        catch (Exception exception)
        {
            // The present plan works; a better one is not worth more than a line.
            LogNoImprovement(_logger, Key, exception.Message);
        }
    }

    private Task<ModelProfile> ReadModelAsync(PipelineSpecification specification) =>
        GrainFactory.GetGrain<IModelGrain>(specification.Model).GetProfileAsync();

    private Task<ShardAnswer[]> UnloadAsync(ImmutableArray<PlacedStage> stages) =>
        Task.WhenAll(stages.Select(stage => _ring.UnloadAsync(stage, Record.Epoch)));

    // Several sets of stages take turns on a device: what is there leaves before the new comes, so the larger one is enough.
    private MemoryReservation Book(long epoch, params ImmutableArray<PlacedStage>[] turns) => new(
        Key, epoch, [.. turns.SelectMany(static stages => stages.GroupBy(static stage => stage.Device, StringComparer.Ordinal)
                .Select(static device => new MemoryCommitment(device.Key, device.Sum(static stage => stage.Bytes))))
            .GroupBy(static commitment => commitment.Device, StringComparer.Ordinal)
            .Select(static device => device.MaxBy(static commitment => commitment.Bytes))]);

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
