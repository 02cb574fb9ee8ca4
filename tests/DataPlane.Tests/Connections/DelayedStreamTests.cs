using OrleansInference.DataPlane.Connections;

namespace OrleansInference.DataPlane.Tests.Connections;

public sealed class DelayedStreamTests
{
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Dispose_WhenTheOtherSideReadsNoMore_LeavesWhatIsOnItsWay()
    {
        var stop = TestContext.Current.CancellationToken;
        var stuck = new StuckStream();
        var delayed = new DelayedStream(stuck, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(50), TimeProvider.System);
        await delayed.WriteAsync(new byte[8], stop);
        await stuck.Writing.Task.WaitAsync(s_bound, stop);

        await delayed.DisposeAsync().AsTask().WaitAsync(s_bound, stop);

        await Should.ThrowAsync<IOException>(async () => await delayed.WriteAsync(new byte[8], stop));
    }

    /// <summary>Takes a write and never ends it, and does not end it when it is disposed either.</summary>
    private sealed class StuckStream : MemoryStream
    {
        public TaskCompletionSource Writing { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writing.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
