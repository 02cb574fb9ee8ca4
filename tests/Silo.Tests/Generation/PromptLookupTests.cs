using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Tests.Generation;

public sealed class PromptLookupTests
{
    [Fact]
    public void Find_WhenTheEndStoodBefore_GivesThePlaceAfterIt()
    {
        var lookup = new PromptLookup(100);

        lookup.Find([1, 2, 3, 4, 5, 6, 1, 2, 3]).ShouldBe(3);
        lookup.Find([1, 2, 3, 4, 5, 6, 1, 2, 3, 4]).ShouldBe(4);
        lookup.Find([1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 9]).ShouldBeNull();
    }

    [Fact]
    public void Find_WhenSeveralPlacesMatch_PrefersTheLongestAndThenTheLatest()
    {
        new PromptLookup(100).Find([7, 8, 1, 2, 50, 9, 8, 1, 2, 60, 5, 1, 2, 70, 7, 8, 1, 2]).ShouldBe(4);
        new PromptLookup(100).Find([1, 2, 50, 1, 2, 60, 1, 2]).ShouldBe(5);
    }

    [Theory]
    [InlineData(new int[0])]
    [InlineData(new[] { 5 })]
    [InlineData(new[] { 5, 5 })]
    [InlineData(new[] { 0, 1, 2, 3, 2 })]
    public void Find_WhenNothingMatches_FindsNothing(int[] text) => new PromptLookup(100).Find(text).ShouldBeNull();

    [Fact]
    public void Find_WhateverTheText_NamesAPlaceThatMatchesAndSeesRecentOnes()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            var (kinds, text) = (random.Next(2, 40), new List<int>());
            var lookup = new PromptLookup(random.Next(1, 200));
            for (var step = 0; step < 60; step++)
            {
                text.AddRange(Enumerable.Range(0, random.Next(1, 6)).Select(_ => random.Next(kinds)));
                var tokens = text.ToArray();
                if (lookup.Find(tokens) is not { } place)
                    continue;
                place.ShouldBeInRange(2, tokens.Length - 1, $"seed {seed}");
                tokens[(place - 2)..place].ShouldBe(tokens[^2..], $"seed {seed}");
            }
        }
    }

    [Fact]
    public void Find_WhenTheTextIsLongerThanTheIndex_StillFindsTheLatestPlace()
    {
        var random = new Random(1);
        int[] text = [.. Enumerable.Range(0, 100_000).Select(_ => random.Next(1 << 20)), 1, 2, 3, 4, 5, 1, 2, 3, 4];

        new PromptLookup(text.Length).Find(text).ShouldBe(text.Length - 5);
    }
}
