using OrleansInference.Grains.Clusters;

namespace OrleansInference.Grains.Tests.Clusters;

public sealed class ModelDeploymentTests
{
    private static readonly ModelDeployment Good =
        new("pebble", Replicas: 1, SlotCount: 4, ContextLength: 0, MaximumBatchRows: 64, QueueLength: 8);

    private static readonly string LongestPart = new('a', 100);

    [Fact]
    public void Validate_WhenAllIsInRange_Accepts() => Should.NotThrow(Good.Validate);

    [Fact]
    public void Validate_WhenNameAndVersionAreAsLongAsTheStoreTakesThem_Accepts() =>
        Should.NotThrow((Good with { Model = $"{LongestPart}@{LongestPart}" }).Validate);

    public static TheoryData<ModelDeployment, string> Bad => new()
    {
        { Good with { Model = " " }, "names its model" },
        { Good with { Model = $"{LongestPart}a@{LongestPart}" }, "names its model" },
        { Good with { Replicas = 0 }, "Replicas is 0; it must be 1 to 64" },
        { Good with { SlotCount = 257 }, "SlotCount is 257; it must be 1 to 256" },
        { Good with { ContextLength = -1 }, "ContextLength is -1" },
        { Good with { MaximumBatchRows = 0 }, "MaximumBatchRows is 0" },
        { Good with { QueueLength = 10_001 }, "QueueLength is 10001" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void Validate_WhenANumberIsOutOfRange_NamesIt(ModelDeployment deployment, string message) =>
        Should.Throw<ArgumentException>(deployment.Validate).Message.ShouldContain(message);
}
