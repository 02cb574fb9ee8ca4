using System.Diagnostics;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Silo.Tests.Engines;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>Head, stages and their connections in steady state: real engines, a real data plane, and one token after another.</summary>
[Collection(nameof(EnduranceTests))]
public sealed class AllocationTests(TestModels models, ITestOutputHelper output)
{
    /// <summary>Short, because attention costs more with every token.</summary>
    private const int TokensPerStream = 400;
    private const int WarmTokensPerStream = 40;
    private const int MeasuredTokensPerStream = 320;
    private const int LeastTokens = 2_400;
    private const double MaximumBytesPerToken = 128;
    /// <summary>For what comes by the clock and not by the token: timers, and what the thread pool does for itself.</summary>
    private const double MaximumBytesPerSecond = 4_096;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(1, 8)]
    [InlineData(3, 8)]
    public async Task Decoding_InSteadyState_AllocatesNextToNothing(int stages, int streams)
    {
        var model = await models.GetAsync("tiny-llama Q8_0");
        // Without pings, which come by the clock and not by the token.
        var settings = new Dictionary<string, string?>
        {
            ["DataPlane:IdleMilliseconds"] = "60000", ["DataPlane:SilenceMilliseconds"] = "600000",
        };
        await using var ring = await TestRing.StartReadyAsync(
            model, models.Factory(), stages, streams, context: TokensPerStream + 8, more: settings);
        using var gateway = new RawGateway(ring.Head.Endpoint, TestRing.Pipeline);
        var request = new GenerationRequest
        {
            PromptTokens = [.. model.Prompt(seed: 1, 8)],
            Sampling = await EndlessAsync(model),
            MaximumTokens = TokensPerStream,
        };
        var (tokens, bytes, seconds) = (0L, 0L, 0.0);
        for (var id = 1; tokens < LeastTokens;)
        {
            for (var stream = 0; stream < streams; stream++)
                gateway.Send(id++, request);
            gateway.ReadTokens(WarmTokensPerStream * streams);
            var begun = Stopwatch.GetTimestamp();
            var before = GC.GetTotalAllocatedBytes(precise: true);
            tokens += gateway.ReadTokens(MeasuredTokensPerStream * streams);
            bytes += GC.GetTotalAllocatedBytes(precise: true) - before;
            seconds += Stopwatch.GetElapsedTime(begun).TotalSeconds;
            gateway.ReadFinishes(streams);
        }

        output.WriteLine($"{stages} stages, {streams} streams: {bytes} bytes for {tokens} tokens in {seconds:0.0} seconds");
        ((double)bytes).ShouldBeLessThan(MaximumBytesPerToken * tokens + MaximumBytesPerSecond * seconds);
    }

    /// <summary>Greedy, and no token that ends a stream is ever the likeliest.</summary>
    private async Task<SamplingParameters> EndlessAsync(TestModel model)
    {
        using var tokenizer = await models.Factory().LoadTokenizerAsync(model.Manifest.Id, TestContext.Current.CancellationToken);
        var ends = Enumerable.Range(0, model.VocabularySize).Where(tokenizer.IsEndOfGeneration);
        return SamplingParameters.Greedy with { LogitBias = [.. ends.Select(token => new LogitBias(token, -100))] };
    }
}
