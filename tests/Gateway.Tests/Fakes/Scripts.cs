using System.Text;
using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Gateway.Tests.Fakes;

internal static class Scripts
{
    /// <summary>Four tokens, then stop.</summary>
    public static async Task Story(FakeHeadRequest request)
    {
        foreach (var word in (string[])["Once", " upon", " a", " time"])
            await request.SendAsync(word, request.Generation.Sampling.LogProbabilities ? [TokenOf(word)] : []);
        await request.FinishAsync();
    }

    /// <summary>One token, then nothing until the gateway cancels.</summary>
    public static async Task Endless(FakeHeadRequest request)
    {
        await request.SendAsync("Once");
        await Task.Delay(Timeout.InfiniteTimeSpan, request.Cancelled);
    }

    /// <summary>Nothing at all until the gateway cancels.</summary>
    public static Task Silent(FakeHeadRequest request) => Task.Delay(Timeout.InfiniteTimeSpan, request.Cancelled);

    public static Func<FakeHeadRequest, Task> Failing(GenerationErrorCode code, string message, int retryAfterMilliseconds = 0) =>
        request => request.FailAsync(code, message, retryAfterMilliseconds).AsTask();

    public static TokenLogProbability TokenOf(string text, float logProbability = -0.5f) => new(
        text.Length, [.. Encoding.UTF8.GetBytes(text)], logProbability,
        [new(text.Length, [.. Encoding.UTF8.GetBytes(text)], logProbability), new(99, [.. " other"u8], -2.5f)]);

    /// <summary>Sends a word, and loses a stage when it is told to.</summary>
    public static Func<FakeHeadRequest, Task> FailingOnce(Task told) => async request =>
    {
        await request.SendAsync("Once");
        await told;
        await request.FailAsync(GenerationErrorCode.StageLost, "Stage 1 was lost.");
    };
}
