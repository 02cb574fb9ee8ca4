using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Grains.Shards;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Stages;

namespace OrleansInference.Silo.Tests.Stages;

public sealed class StageRuntimeTests
{
    [Fact]
    public async Task Batch_WhenNoFrameCanHoldIt_IsFaultedAndTheStageGoesOn()
    {
        var engine = new FakeStageEngine(new StageConfiguration("fake", 0, 3, SlotCount: 2, CellCount: 64, MaximumBatchRows: 8, Threads: 1));
        var assignment = new StageAssignment("fake/0", "fake", 1, 0, 2, 0, 3, "device-0", 2, 64, 32, 8, 4);
        var sent = new ConcurrentQueue<Frame>();
        var failures = new ConcurrentQueue<string>();
        ValueTask SendAsync(Frame frame, CancellationToken cancellation)
        {
            if (frame is BatchFrame { Rows.Length: > 2 })
                throw new ArgumentException("Batch frame: it takes 97 bytes, but 90 is the most on a Ring connection.");
            sent.Enqueue(frame is BatchFrame batch ? new BatchFrame(batch.BatchId, batch.Rows.ToArray(), default) : frame);
            return ValueTask.CompletedTask;
        }
        await using var runtime = new StageRuntime(
            assignment, engine, SendAsync, (reason, _) => failures.Enqueue(reason), turnProcessor: null,
            new StageOptions { ConsecutiveFaults = 1 }, NullLogger.Instance);

        await runtime.Input.WriteAsync(WorkOf(batchId: 1, slot: 0, rows: 3), TestContext.Current.CancellationToken);
        await runtime.Input.WriteAsync(WorkOf(batchId: 2, slot: 1, rows: 2), TestContext.Current.CancellationToken);

        await Eventually.AsyncIs(() => sent.Count == 2 || !failures.IsEmpty, "both batches are answered");
        failures.ShouldBeEmpty();
        sent.ToArray()[0].ShouldBe(new FaultFrame(
            1, "Stage 0 could not pass on a batch: Batch frame: it takes 97 bytes, but 90 is the most on a Ring connection."));
        sent.ToArray()[1].ShouldBeOfType<BatchFrame>().BatchId.ShouldBe(2);
    }

    private static StageWork WorkOf(long batchId, int slot, int rows) => new(
        batchId, Enumerable.Range(0, rows).Select(position => new BatchRow(slot, position, false)).ToArray(), new int[rows], isAlone: false);
}
