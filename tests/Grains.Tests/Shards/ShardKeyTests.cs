using OrleansInference.Grains.Shards;

namespace OrleansInference.Grains.Tests.Shards;

public sealed class ShardKeyTests
{
    [Fact]
    public void Parse_WhenTheModelNameHasSlashes_TakesTheLastPartAsStage()
    {
        ShardKey.Parse("org/model/0/12").ShouldBe(new ShardKey("org/model/0", 12));
        new ShardKey("org/model/0", 12).ToString().ShouldBe("org/model/0/12");
    }

    [Theory]
    [InlineData("model")]
    [InlineData("model/0/x")]
    [InlineData("/1")]
    [InlineData("model/-1")]
    public void Parse_WhenTheKeyIsMalformed_SaysWhatIsExpected(string key) =>
        Should.Throw<ArgumentException>(() => ShardKey.Parse(key)).Message.ShouldContain("model/replica/stage is expected");
}
