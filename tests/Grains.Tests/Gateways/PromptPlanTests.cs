using OrleansInference.Grains.Gateways;

namespace OrleansInference.Grains.Tests.Gateways;

public sealed class PromptPlanTests
{
    [Theory]
    [InlineData(4_000, 1, 512)]
    [InlineData(4_096, 2, 64)]
    [InlineData(6_000, 2, 64)]
    [InlineData(6_300, 2, 128)]
    [InlineData(4_000, 8, 64)]
    [InlineData(40_000, 3, 448)]
    [InlineData(80_000, 3, 512)]
    [InlineData(40, 3, 64)]
    [InlineData(0, 3, 64)]
    public void For_FollowsStagesPromptAndBatch(long promptBytes, int stages, int expected) =>
        PromptPlan.For(promptBytes, stages, maximumBatchRows: 512, new AdmissionOptions()).ChunkRows.ShouldBe(expected);

    [Fact]
    public void For_WhenBatchesAreSmall_NeverExceedsThem() =>
        PromptPlan.For(4_000, stageCount: 3, maximumBatchRows: 8, new AdmissionOptions()).ChunkRows.ShouldBe(8);

    [Fact]
    public void For_WhenThePromptIsHuge_DoesNotOverflow() =>
        PromptPlan.For(long.MaxValue - 10, stageCount: 3, maximumBatchRows: 512, new AdmissionOptions()).ChunkRows.ShouldBe(512);
}
