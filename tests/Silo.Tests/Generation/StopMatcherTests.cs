using System.Collections.Immutable;
using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Tests.Generation;

public sealed class StopMatcherTests
{
    [Fact]
    public void Matcher_WhenNothingCanBeAStop_ReleasesAllTextAtOnce()
    {
        var matcher = new StopMatcher(["END"]);

        matcher.Append("once upon").ToString().ShouldBe("once upon");
        matcher.Flush().ToString().ShouldBe("");
        matcher.IsStopped.ShouldBeFalse();
    }

    [Fact]
    public void Matcher_WhenThereAreNoStops_ReleasesAllTextAtOnce() => new StopMatcher([]).Append("END").ToString().ShouldBe("END");

    [Fact]
    public void Matcher_WhenAStopCrossesPieces_ReleasesOnlyWhatIsBeforeIt()
    {
        var matcher = new StopMatcher(["END"]);

        matcher.Append("a E").ToString().ShouldBe("a ");
        matcher.Append("N").ToString().ShouldBe("");
        matcher.Append("D and more").ToString().ShouldBe("");
        matcher.IsStopped.ShouldBeTrue();
        matcher.Append("later").ToString().ShouldBe("");
        matcher.Flush().ToString().ShouldBe("");
    }

    [Fact]
    public void Matcher_WhenABeginningComesToNothing_ReleasesItLater()
    {
        var matcher = new StopMatcher(["aab"]);

        matcher.Append("aa").ToString().ShouldBe("");
        matcher.Append("a").ToString().ShouldBe("a");
        matcher.Append("c").ToString().ShouldBe("aac");
        matcher.IsStopped.ShouldBeFalse();
    }

    [Fact]
    public void Matcher_WhenTextEndsInABeginning_ReleasesItOnFlush()
    {
        var matcher = new StopMatcher(["\n\n"]);

        matcher.Append("line\n").ToString().ShouldBe("line");
        matcher.Flush().ToString().ShouldBe("\n");
    }

    [Fact]
    public void Matcher_WhenTwoStopsEndTogether_TakesTheLonger()
    {
        var matcher = new StopMatcher(["c", "abc"]);

        matcher.Append("xabc").ToString().ShouldBe("x");
        matcher.IsStopped.ShouldBeTrue();
    }

    [Fact]
    public void Matcher_WhenOneStopIsCompleteFirst_DoesNotWaitForAnother()
    {
        var matcher = new StopMatcher(["abcd", "bc"]);

        matcher.Append("abc").ToString().ShouldBe("a");
        matcher.IsStopped.ShouldBeTrue();
    }

    [Fact]
    public void Matcher_HoweverTheTextIsCut_ReleasesTheSameAndNeverMoreThanItMay()
    {
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var text = RandomText(random, random.Next(0, 40));
            ImmutableArray<string> stops = [.. Enumerable.Range(0, random.Next(0, 4)).Select(_ => RandomText(random, random.Next(1, 5)))];
            var (expected, isStopped) = Reference(text, stops);

            var matcher = new StopMatcher(stops);
            var released = "";
            for (var at = 0; at < text.Length;)
            {
                var length = Math.Min(random.Next(1, 6), text.Length - at);
                released += matcher.Append(text.AsSpan(at, length)).ToString();
                expected.ShouldStartWith(released, customMessage: $"seed {seed}");
                at += length;
            }
            released += matcher.Flush().ToString();

            released.ShouldBe(expected, $"seed {seed}: '{text}' with stops {string.Join('|', stops)}");
            matcher.IsStopped.ShouldBe(isStopped, $"seed {seed}");
        }
    }

    [Fact]
    public void Matcher_WhatItHoldsBack_IsNeverMoreThanTheBeginningOfAStop()
    {
        for (var seed = 0; seed < 1000; seed++)
        {
            var random = new Random(seed);
            ImmutableArray<string> stops = [RandomText(random, random.Next(2, 6)), RandomText(random, random.Next(2, 6))];
            var matcher = new StopMatcher(stops);
            var (given, released) = ("", "");
            for (var step = 0; step < 30 && !matcher.IsStopped; step++)
            {
                var piece = RandomText(random, random.Next(1, 4));
                given += piece;
                released += matcher.Append(piece).ToString();
                var held = given[released.Length..];
                if (!matcher.IsStopped)
                    stops.Any(stop => stop.StartsWith(held, StringComparison.Ordinal)).ShouldBeTrue($"seed {seed}: '{held}' is held back");
            }
        }
    }

    /// <summary>A small alphabet, so that stops and their beginnings are frequent.</summary>
    private static string RandomText(Random random, int length) =>
        string.Concat(Enumerable.Range(0, length).Select(_ => (char)('a' + random.Next(3))));

    private static (string Text, bool IsStopped) Reference(string text, ImmutableArray<string> stops)
    {
        for (var end = 1; end <= text.Length; end++)
        {
            var here = stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal)).ToList();
            if (here.Count > 0)
                return (text[..(end - here.Max(stop => stop.Length))], true);
        }
        return (text, false);
    }
}
