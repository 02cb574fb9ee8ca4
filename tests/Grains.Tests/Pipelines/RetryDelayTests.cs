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
}
