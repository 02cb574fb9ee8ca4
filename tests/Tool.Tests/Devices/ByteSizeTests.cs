using OrleansInference.Tool.Devices;

namespace OrleansInference.Tool.Tests.Devices;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("1500000", 1_500_000)]
    [InlineData("10MB", 10_000_000)]
    [InlineData("10 MB", 10_000_000)]
    [InlineData("10mib", 10_485_760)]
    [InlineData("1.5GB", 1_500_000_000)]
    [InlineData("12B", 12)]
    public void TryParse_WhenItIsASize_GivesBytes(string text, long expected)
    {
        ByteSize.TryParse(text, out var bytes).ShouldBeTrue();
        bytes.ShouldBe(expected);
    }

    [Theory]
    [InlineData("")]
    [InlineData("MB")]
    [InlineData("0")]
    [InlineData("-3MB")]
    [InlineData("0.1B")]
    [InlineData("9223372036854775808")]
    [InlineData("10 parsecs")]
    public void TryParse_WhenItIsNone_Refuses(string text) => ByteSize.TryParse(text, out _).ShouldBeFalse();

    [Theory]
    [InlineData(999, "999 B")]
    [InlineData(1_850_000, "1.9 MB")]
    [InlineData(5_200_000_000, "5.2 GB")]
    public void Format_WhenGivenBytes_PicksTheUnit(long bytes, string expected) => ByteSize.Format(bytes).ShouldBe(expected);
}
