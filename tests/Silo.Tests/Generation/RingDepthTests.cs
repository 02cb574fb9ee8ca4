using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Tests.Generation;

public sealed class RingDepthTests
{
    [Theory]
    [InlineData(3, 10_000, 0, 3)]
    [InlineData(3, 10_000, 2_000, 3)]
    [InlineData(3, 15_000, 15_000, 4)]
    [InlineData(3, 10_000, 60_000, 6)]
    [InlineData(2, 10_000, 20_000, 4)]
    [InlineData(1, 10_000, 60_000, 1)]
    public void Batches_FollowWhatGoesRoundTheRingAtOnce(int stages, int stageMicroseconds, int linkMicroseconds, int expected)
    {
        var depth = new RingDepth(stages);
        depth.Batches.ShouldBe(stages);
        var timing = new RingTiming(stageMicroseconds, stages * stageMicroseconds);

        for (var step = 0; step < 60; step++)
            depth.Observe(timing, timing.TotalMicroseconds + linkMicroseconds, wasAlone: step == 0);

        depth.Batches.ShouldBe(expected);
    }

    [Fact]
    public void Batches_WhenABatchWaitedForOthers_DoNotTakeThatForLinks()
    {
        var depth = new RingDepth(3);

        for (var step = 0; step < 60; step++)
            depth.Observe(new RingTiming(10_000, 30_000), roundTripMicroseconds: 90_000, wasAlone: false);

        depth.Batches.ShouldBe(3);
    }

    [Fact]
    public void Batches_WhenTheFirstRoundTripWasSlow_BelieveAFasterOneAtOnce()
    {
        var depth = new RingDepth(3);

        for (var step = 0; step < 60; step++)
            depth.Observe(new RingTiming(10_000, 30_000), step == 0 ? 130_000 : 30_500, wasAlone: step < 2);

        depth.Batches.ShouldBe(3);
    }

    [Fact]
    public void Batches_WhenLinksBecomeSlow_FollowThem()
    {
        var depth = new RingDepth(3);
        depth.Observe(new RingTiming(10_000, 30_000), 30_500, wasAlone: true);

        for (var step = 0; step < 60; step++)
            depth.Observe(new RingTiming(10_000, 30_000), 50_000, wasAlone: true);

        depth.Batches.ShouldBe(5);
    }

    [Fact]
    public void Batches_WhenMeasurementsWaver_StayAsTheyAre()
    {
        var depth = new RingDepth(3);
        var seen = new HashSet<int>();

        for (var step = 0; step < 200; step++)
        {
            depth.Observe(new RingTiming(10_000, 30_000), 30_000 + (step % 2 == 0 ? 3_000 : 7_000), wasAlone: true);
            seen.Add(depth.Batches);
        }

        seen.ShouldBe([3]);
    }
}
