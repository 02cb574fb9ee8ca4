using OrleansInference.Tool.Supervision;

namespace OrleansInference.Tool.Tests.Supervision;

public sealed class RestartPolicyTests
{
    [Fact]
    public void DelayAfter_WhenDeathsFollowEachOther_DoublesUpToTheBoundAndThenGivesUp()
    {
        var policy = new RestartPolicy
        {
            FirstDelay = TimeSpan.FromSeconds(1), MaximumDelay = TimeSpan.FromSeconds(5), MaximumDeathsInARow = 5,
        };

        Enumerable.Range(1, 6).Select(policy.DelayAfter).Select(d => d?.TotalSeconds).ShouldBe([1, 2, 4, 5, 5, null]);
    }

    [Fact]
    public void DelayAfter_WhenRestartsAreOff_IsNone() => RestartPolicy.Never.DelayAfter(1).ShouldBeNull();
}
