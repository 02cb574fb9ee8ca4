using OrleansInference.Grains.Gateways;

namespace OrleansInference.Grains.Tests.Gateways;

public sealed class PromptPlanTests
{
    [Theory]
    [InlineData(4_000, 1, 512)]
    [InlineData(4_096, 2, 43)]
    [InlineData(12_000, 3, 84)]
    [InlineData(4_000, 8, 32)]
    [InlineData(40_000, 3, 278)]
    [InlineData(80_000, 3, 512)]
    [InlineData(40, 3, 32)]
    [InlineData(0, 3, 32)]
    public void For_FollowsStagesPromptAndBatch(long promptBytes, int stages, int expected) =>
        PromptPlan.For(promptBytes, stages, maximumBatchRows: 512, new AdmissionOptions()).ChunkRows.ShouldBe(expected);

    [Fact]
    public void For_WhenBatchesAreSmall_NeverExceedsThem() =>
        PromptPlan.For(4_000, stageCount: 3, maximumBatchRows: 8, new AdmissionOptions()).ChunkRows.ShouldBe(8);

    [Fact]
    public void For_WhenThePromptIsHuge_DoesNotOverflow() =>
        PromptPlan.For(long.MaxValue - 10, stageCount: 3, maximumBatchRows: 512, new AdmissionOptions()).ChunkRows.ShouldBe(512);
}
