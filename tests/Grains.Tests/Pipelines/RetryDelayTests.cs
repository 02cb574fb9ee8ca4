using OrleansInference.Grains.Pipelines;
using OrleansInference.Grains.Tests.Fakes;

namespace OrleansInference.Grains.Tests.Pipelines;

public sealed class RetryDelayTests
{
    [Theory]
    [InlineData(1, 250)]
    [InlineData(2, 500)]
    [InlineData(4, 2_000)]
    [InlineData(7, 15_000)]
    [InlineData(1_000_000, 15_000)]
    public void After_WithEveryFailure_DoublesUpToTheLimit(int failures, int milliseconds) =>
        RetryDelay.After(failures, new PipelineOptions()).ShouldBe(TimeSpan.FromMilliseconds(milliseconds));

    [Fact]
    public void Suspicions_AfterTheirTime_AreForgotten()
    {
        var time = new ManualTime();
        var suspicions = new Suspicions(time, TimeSpan.FromSeconds(30));
        suspicions.Add(["a"]);
        time.Advance(TimeSpan.FromSeconds(20));
        suspicions.Add(["b"]);

        suspicions.Current().Order().ShouldBe(["a", "b"]);
        time.Advance(TimeSpan.FromSeconds(10));
        suspicions.Current().ShouldBe(["b"]);
    }
}
