using OrleansInference.DataPlane.Generation;
using OrleansInference.Silo.Tests.Engines;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>Head, stages and their connections in steady state: real engines, a real data plane, and one token after another.</summary>
[Collection(nameof(EnduranceTests))]
public sealed class AllocationTests(TestModels models, ITestOutputHelper output)
{
    private const int WarmTokens = 800;
    private const int MeasuredTokens = 2_400;
    private const double MaximumBytesPerToken = 64;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(1, 8)]
    [InlineData(3, 8)]
    public async Task Decoding_InSteadyState_AllocatesNextToNothing(int stages, int streams)
    {
        var model = await models.GetAsync("tiny-llama Q8_0");
        using var tokenizer = await models.Factory().LoadTokenizerAsync(model.Manifest.Id, TestContext.Current.CancellationToken);
        var ends = Enumerable.Range(0, model.VocabularySize).Where(tokenizer.IsEndOfGeneration);
        // Streams that go on: no token that ends one is ever the likeliest.
        var sampling = SamplingParameters.Greedy with { LogitBias = [.. ends.Select(token => new LogitBias(token, -100))] };
        var tokensPerStream = 2 * (WarmTokens + MeasuredTokens) / streams;
        var settings = new Dictionary<string, string?> { ["DataPlane:SilenceMilliseconds"] = "600000" };
        await using var ring = await TestRing.StartReadyAsync(
            model, models.Factory(), stages, slots: streams, context: tokensPerStream + 64, settings);
        using var gateway = new RawGateway(ring.Head.Endpoint, TestRing.Pipeline);
        for (var stream = 0; stream < streams; stream++)
        {
            gateway.Request(stream + 1, new GenerationRequest
            {
                PromptTokens = [.. model.Prompt(stream, 8)],
                Sampling = sampling,
                MaximumTokens = tokensPerStream,
            });
        }
        gateway.ReadTokens(WarmTokens);

        var before = GC.GetTotalAllocatedBytes(precise: true);
        var tokens = gateway.ReadTokens(MeasuredTokens);
        var bytesPerToken = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)tokens;

        output.WriteLine($"{stages} stages, {streams} streams: {bytesPerToken:0.0} bytes per token over {tokens} tokens");
        bytesPerToken.ShouldBeLessThan(MaximumBytesPerToken);
    }
}
