using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Tests.Engines;

/// <summary>Drives a runner the way a head does, so that two runners can be given the very same batches.</summary>
internal static class Conversation
{
    /// <summary>One sequence: the prompt in chunks, then a token at a time.</summary>
    public static async Task<List<Drawn>> RunAsync(
        IModelRunner runner, int slot, int[] prompt, int count, SamplingParameters? sampling = null, int chunk = 20)
    {
        await runner.OpenAsync(slot, sampling ?? SamplingParameters.Greedy, prompt);
        var drawn = new List<Drawn>();
        for (var start = 0; start < prompt.Length; start += chunk)
        {
            var tokens = prompt[start..Math.Min(prompt.Length, start + chunk)];
            drawn.AddRange(await runner.DecodeAsync(Rows(slot, start, tokens.Length, start + tokens.Length == prompt.Length), tokens));
        }
        return await ContinueAsync(runner, slot, drawn, count - 1);
    }

    /// <summary>More tokens after those drawn so far.</summary>
    public static async Task<List<Drawn>> ContinueAsync(IModelRunner runner, int slot, List<Drawn> drawn, int count)
    {
        for (var step = 0; step < count; step++)
        {
            var last = drawn[^1].Token;
            drawn.AddRange(await runner.DecodeAsync([new BatchRow(slot, last.Position, true)], [last.Token]));
        }
        return drawn;
    }

    /// <summary>Several sequences: their prompts one after another, then a token of each in every batch.</summary>
    public static async Task<List<Drawn>[]> RunTogetherAsync(
        IModelRunner runner, int[] slots, int[][] prompts, int count, SamplingParameters? sampling = null)
    {
        var drawn = new List<Drawn>[prompts.Length];
        for (var index = 0; index < prompts.Length; index++)
            drawn[index] = await RunAsync(runner, slots[index], prompts[index], count: 1, sampling);
        await ContinueTogetherAsync(runner, drawn, count - 1);
        return drawn;
    }

    /// <summary>More tokens of several sequences, a token of each in every batch.</summary>
    public static async Task ContinueTogetherAsync(IModelRunner runner, List<Drawn>[] drawn, int count)
    {
        for (var step = 0; step < count; step++)
        {
            var last = drawn.Select(one => one[^1].Token).ToArray();
            var answer = await runner.DecodeAsync(
                [.. last.Select(token => new BatchRow(token.Slot, token.Position, Sample: true))], [.. last.Select(token => token.Token)]);
            foreach (var one in answer)
                drawn.Single(sequence => sequence[0].Token.Slot == one.Token.Slot).Add(one);
        }
    }

    /// <summary>
    /// Several sequences in ragged batches: each joins two steps after the one before it, its prompt chunks sharing batches with the
    /// others' decode rows, and ends at a length of its own.
    /// </summary>
    /// <param name="slots">Of the sequences; the first ones if left out.</param>
    public static async Task<List<Drawn>> RunRaggedAsync(
        IModelRunner runner, int[][] prompts, SamplingParameters[] samplings, int chunk = 9, int[]? slots = null)
    {
        slots ??= [.. Enumerable.Range(0, prompts.Length)];
        var drawn = new List<Drawn>();
        var last = new SampledToken?[prompts.Length];
        var done = new int[prompts.Length];
        for (var index = 0; index < prompts.Length; index++)
            await runner.OpenAsync(slots[index], samplings[index], prompts[index]);
        for (var step = 0; ; step++)
        {
            var rows = new List<BatchRow>();
            var tokens = new List<int>();
            for (var index = 0; index < prompts.Length; index++)
            {
                if (step < 2 * index || done[index] >= prompts[index].Length + 6 + 3 * index)
                    continue;
                int[] fed = last[index] is { } token
                    ? [token.Token] : prompts[index][done[index]..Math.Min(prompts[index].Length, done[index] + chunk)];
                rows.AddRange(Rows(slots[index], done[index], fed.Length, done[index] + fed.Length >= prompts[index].Length));
                tokens.AddRange(fed);
                done[index] += fed.Length;
            }
            if (rows.Count == 0)
                return drawn;
            var answer = await runner.DecodeAsync([.. rows], [.. tokens]);
            foreach (var one in answer)
                last[Array.IndexOf(slots, one.Token.Slot)] = one.Token;
            drawn.AddRange(answer);
        }
    }

    public static BatchRow[] Rows(int slot, int start, int count, bool sampleLast) =>
        [.. Enumerable.Range(0, count).Select(index => new BatchRow(slot, start + index, sampleLast && index == count - 1))];

    /// <summary>The same tokens, drawn from the same bits.</summary>
    public static void ShouldEqual(this IReadOnlyList<Drawn> actual, IReadOnlyList<Drawn> expected)
    {
        actual.Select(one => (one.Token.Slot, one.Token.Position, one.Token.Token))
            .ShouldBe(expected.Select(one => (one.Token.Slot, one.Token.Position, one.Token.Token)));
        for (var index = 0; index < expected.Count; index++)
        {
            var equal = actual[index].Logits.AsSpan().SequenceEqual(expected[index].Logits, BitComparer.Instance);
            var token = expected[index].Token;
            equal.ShouldBeTrue($"logits of drawn token {index} (slot {token.Slot}, position {token.Position})");
        }
    }

    private sealed class BitComparer : IEqualityComparer<float>
    {
        public static BitComparer Instance { get; } = new();

        public bool Equals(float first, float second) => BitConverter.SingleToInt32Bits(first) == BitConverter.SingleToInt32Bits(second);

        public int GetHashCode(float value) => value.GetHashCode();
    }
}
