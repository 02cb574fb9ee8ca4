using System.Diagnostics;
using OrleansInference.Silo.Engines.LlamaCpp;
using OrleansInference.Silo.Tests.Stages;

namespace OrleansInference.Silo.Tests.Engines;

public sealed class EngineThreadTests
{
    private static readonly TimeSpan s_rest = TimeSpan.FromMilliseconds(50);

    private int _rests;

    [Fact]
    public async Task Thread_WhenNoWorkComes_DoesOnceWhatIsLeftForRests()
    {
        await using var thread = new EngineThread("resting", capacity: 4, s_rest, () => Interlocked.Increment(ref _rests), () => { });

        await Eventually.AsyncIs(() => _rests == 1, "it rests");
        await Task.Delay(4 * s_rest, TestContext.Current.CancellationToken);
        _rests.ShouldBe(1);

        (await thread.RunAsync(() => 7)).ShouldBe(7);
        await Eventually.AsyncIs(() => _rests == 2, "it rests again after work");
    }

    [Fact]
    public async Task Thread_WhenItEndsWhileItRests_EndsAtOnce()
    {
        var hasEnded = false;
        var thread = new EngineThread("ending", capacity: 4, s_rest, () => Interlocked.Increment(ref _rests), () => hasEnded = true);
        await Eventually.AsyncIs(() => _rests == 1, "it rests");

        var watch = Stopwatch.StartNew();
        await thread.DisposeAsync();

        hasEnded.ShouldBeTrue();
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
        Should.Throw<ObjectDisposedException>(() => thread.RunAsync(() => 1).GetAwaiter().GetResult());
    }
}
