namespace OrleansInference.Silo.Tests.Engines;

public sealed class MemoryTests(TestModels models)
{
    [Fact]
    public async Task LoadAndUnload_WhenRepeated_KeepsResidentMemoryFlat()
    {
        var model = await models.GetAsync("tiny-llama F32");
        for (var cycle = 0; cycle < 5; cycle++)
            await CycleAsync(model);
        var before = ResidentBytes();

        for (var cycle = 0; cycle < 25; cycle++)
            await CycleAsync(model);

        // A cycle holds about 20 MB; keeping a twentieth of it each time would show.
        (ResidentBytes() - before).ShouldBeLessThan(25 * 1_000_000L);
    }

    private async Task CycleAsync(TestModel model)
    {
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 2, cells: 2048);
        await Conversation.RunAsync(sliced, 0, model.Prompt(1, 60), 4);
        using var tokenizer = await models.Factory().LoadTokenizerAsync(model.Manifest.Id, TestContext.Current.CancellationToken);
        tokenizer.Tokenize("abc", true, false).ShouldNotBeEmpty();
    }

    private static long ResidentBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var line = File.ReadLines("/proc/self/status").First(one => one.StartsWith("RssAnon", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], System.Globalization.CultureInfo.InvariantCulture) * 1024;
    }
}
