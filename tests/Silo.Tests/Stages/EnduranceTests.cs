namespace OrleansInference.Silo.Tests.Stages;

/// <summary>Alone, because what other tests allocate would count.</summary>
[CollectionDefinition(nameof(EnduranceTests), DisableParallelization = true)]
[Collection(nameof(EnduranceTests))]
public sealed class EnduranceTests
{
    [Fact]
    public async Task Ring_AfterAThousandRequests_HoldsNothing()
    {
        await using var ring = await TestRing.StartReadyAsync(2, slots: 8, batchRows: 64);
        await using var gateway = await ring.ConnectAsync();
        ring.EngineOf(0).IsRecording = ring.EngineOf(1).IsRecording = false;
        await SendManyAsync(gateway, 200);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await SendManyAsync(gateway, 1000);

        await GenerationTests.ShouldBeIdleAsync(ring);
        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(2_000_000);
    }

    private static async Task SendManyAsync(TestGateway gateway, int count)
    {
        foreach (var numbers in Enumerable.Range(0, count).Chunk(20))
        {
            var completions = await Task.WhenAll(numbers.Select(number => gateway.CompleteAsync($"request {number}", 6)));
            for (var index = 0; index < numbers.Length; index++)
            {
                GenerationTests.ShouldBeTheModels(completions[index], $"request {numbers[index]}", 6);
                gateway.Forget(completions[index]);
            }
        }
    }
}
