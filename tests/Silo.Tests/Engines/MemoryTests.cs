using System.Globalization;

namespace OrleansInference.Silo.Tests.Engines;

/// <summary>Alone, because the whole process is measured.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
public sealed class MemoryCollection;

[Collection(nameof(MemoryTests))]
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

    /// <summary>Q4_0 is laid out anew for the processor, so that the file's own pages are not needed any more.</summary>
    [Fact]
    public async Task Load_WhenWeightsAreLaidOutAnew_DoesNotHoldTheFileToo()
    {
        var model = await models.GetAsync("tiny-llama Q4_0");
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 1);
        await Conversation.RunAsync(sliced, 0, model.Prompt(1, 20), 3);

        var (mapped, resident) = MappedBytes("tiny-llama-Q4_0");

        mapped.ShouldBeGreaterThan(sliced.Last.Shape.MappedBytes / 2);
        resident.ShouldBeLessThan(mapped / 2);
    }

    private async Task CycleAsync(TestModel model)
    {
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 2, cells: 2048);
        await Conversation.RunAsync(sliced, 0, model.Prompt(1, 60), 4);
        using var tokenizer = await models.Factory().LoadTokenizerAsync(model.Manifest.Id, TestContext.Current.CancellationToken);
        tokenizer.Tokenize("abc", true, false).ShouldNotBeEmpty();
    }

    /// <summary>How much of a model's slice files is mapped, and how much of that is resident.</summary>
    private static (long Mapped, long Resident) MappedBytes(string model)
    {
        var (mapped, resident) = (0L, 0L);
        var isOfModel = false;
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            if (line.Contains('/', StringComparison.Ordinal))
                isOfModel = line.Contains("slices", StringComparison.Ordinal) && line.Contains(model, StringComparison.Ordinal);
            else if (isOfModel && line.StartsWith("Size:", StringComparison.Ordinal))
                mapped += Kilobytes(line) * 1024;
            else if (isOfModel && line.StartsWith("Rss:", StringComparison.Ordinal))
                resident += Kilobytes(line) * 1024;
        }
        return (mapped, resident);
    }

    private static long ResidentBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var line = File.ReadLines("/proc/self/status").First(one => one.StartsWith("RssAnon", StringComparison.Ordinal));
        return Kilobytes(line) * 1024;
    }

    private static long Kilobytes(string line) =>
        long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
}
