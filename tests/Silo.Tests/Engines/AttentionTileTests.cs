using OrleansInference.DataPlane.Generation;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Tests.Engines;

public sealed class AttentionTileTests(TestModels models)
{
    [Theory]
    // All of it, more than it needs, or too little for a tile.
    [InlineData(100, 100, 512, 100)]
    [InlineData(100, 128, 512, 128)]
    [InlineData(100, 32, 512, 32)]
    // What is left is a tile and more.
    [InlineData(1000, 64, 512, 64)]
    [InlineData(128, 64, 512, 64)]
    // It would be less: it comes along, or keeps company.
    [InlineData(127, 64, 512, 127)]
    [InlineData(65, 64, 512, 65)]
    [InlineData(600, 512, 512, 512)]
    [InlineData(550, 512, 512, 484)]
    [InlineData(130, 128, 128, 64)]
    // There are no tiles for both.
    [InlineData(100, 64, 64, 64)]
    public void Cut_WhenSoMuchIsLeft_LeavesATileOrNothing(int left, int room, int most, int expected) =>
        AttentionTile.Cut(left, room, most).ShouldBe(expected);

    /// <summary>What the cutting relies on.</summary>
    [Theory]
    [InlineData("pebble")]
    [InlineData("tiny-llama F32")]
    [InlineData("tiny-qwen3moe Q8_0")]
    [InlineData("tiny-gemma3 F32")]
    [InlineData("tiny-phi3 Q8_0")]
    public async Task Prompt_WhenEveryPartHasATile_EqualsTheWholePromptBitForBit(string name)
    {
        var model = await models.GetAsync(name);
        await using var sliced = await SlicedModel.LoadAsync(models, model, slices: 2, cells: 8 * 512, rows: 512);
        foreach (var length in (int[])[128, 150, 250])
        {
            var prompt = model.Prompt(seed: 3, length);
            var whole = await RunAsync(sliced, prompt, [length]);
            (await RunAsync(sliced, prompt, [AttentionTile.Rows, length - AttentionTile.Rows])).ShouldEqual(whole);
            (await RunAsync(sliced, prompt, [length - AttentionTile.Rows, AttentionTile.Rows])).ShouldEqual(whole);
        }
    }

    private static async Task<List<Drawn>> RunAsync(SlicedModel model, int[] prompt, int[] parts)
    {
        await model.OpenAsync(0, SamplingParameters.Greedy, prompt);
        var drawn = new List<Drawn>();
        var start = 0;
        foreach (var part in parts)
        {
            var end = start + part;
            drawn.AddRange(await model.DecodeAsync(Conversation.Rows(0, start, part, end == prompt.Length), prompt[start..end]));
            start = end;
        }
        await Conversation.ContinueAsync(model, slot: 0, drawn, count: 4);
        await model.ClearAsync(0, 0);
        return drawn;
    }
}
