using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;
using OrleansInference.Silo.Engines.LlamaCpp.Sampling;

namespace OrleansInference.Silo.Tests.Engines;

public sealed class SequenceSamplerTests : IDisposable
{
    private const int Vocabulary = 300;

    private readonly CandidateList _candidates;
    private readonly float[] _logits;

    public SequenceSamplerTests()
    {
        Natives.Load();
        _candidates = new CandidateList(Vocabulary);
        var random = new Random(3);
        _logits = [.. Enumerable.Range(0, Vocabulary).Select(_ => (float)(random.NextDouble() * 8 - 4))];
    }

    public void Dispose() => _candidates?.Dispose();

    [Fact]
    public void Sample_WhenGreedyAndLogitsTie_TakesTheLowestToken()
    {
        _logits[123] = _logits[77] = _logits[200] = 9;

        Draw(SamplingParameters.Greedy, position: 5).Token.ShouldBe(77);
        Draw(SamplingParameters.Greedy with { LogitBias = [new LogitBias(200, 1)] }, position: 5).Token.ShouldBe(200);
        Draw(SamplingParameters.Greedy with { LogitBias = [new LogitBias(3, -1)] }, position: 5).Token.ShouldBe(77);
    }

    [Theory]
    [InlineData(1e-45f)]
    [InlineData(1e-38f)]
    [InlineData(1e-37f)]
    [InlineData(1e-8f)]
    [InlineData(1e-6f)]
    public void Sample_WhenTheTemperatureIsNearZero_TakesTheLargestLogit(float temperature)
    {
        var sampling = new SamplingParameters { Temperature = temperature, TopK = 40, TopP = 0.9f };

        Draw(sampling, position: 5).Token.ShouldBe(GreedyChoice.Of(_logits));
        Draw(sampling with { PresencePenalty = 0.5f }, position: 0, [299]).Token.ShouldBe(GreedyChoice.Of(_logits));
    }

    [Fact]
    public void Sample_WhenGreedyWithBiases_TakesTheLargestSum()
    {
        var random = new Random(11);
        for (var round = 0; round < 200; round++)
        {
            LogitBias[] biases = [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => new LogitBias(random.Next(Vocabulary), random.Next(-20, 20) / 4f))];
            var sums = Enumerable.Range(0, Vocabulary)
                .Select(token => biases.Where(bias => bias.Token == token).Aggregate(_logits[token], (sum, bias) => sum + bias.Bias)).ToArray();

            var drawn = Draw(SamplingParameters.Greedy with { LogitBias = [.. biases], LogProbabilities = true }, position: 5);

            drawn.Token.ShouldBe(Array.IndexOf(sums, sums.Max()));
            drawn.LogProbability.ShouldBe((float)(_logits[drawn.Token] - LogProbabilities.Normalizer(_logits)));
        }
    }

    [Fact]
    public void Sample_WhenALogitIsNotANumber_FailsOrLooksPastIt()
    {
        _logits[10] = float.NaN;

        Draw(SamplingParameters.Greedy, 0).Token.ShouldNotBe(10);
        Should.Throw<StageEngineException>(() => Draw(new SamplingParameters(), 0)).Message.ShouldContain("token 10");
        Array.Fill(_logits, float.NaN);
        Should.Throw<StageEngineException>(() => Draw(SamplingParameters.Greedy, 0));
    }

    [Fact]
    public void Sample_WhenNothingFilters_FollowsTheModelsDistribution()
    {
        const int Count = 40_000;
        using var sampler = new SequenceSampler(new SamplingParameters { Seed = 9 }, [], Vocabulary);
        var drawn = new int[Vocabulary];
        for (var position = 0; position < Count; position++)
            drawn[sampler.Sample(new BatchRow(0, position, true), _logits, _candidates).Token]++;

        var normalizer = LogProbabilities.Normalizer(_logits);
        var chiSquare = Enumerable.Range(0, Vocabulary).Sum(token =>
        {
            var expected = Count * Math.Exp(_logits[token] - normalizer);
            return (drawn[token] - expected) * (drawn[token] - expected) / expected;
        });
        // 299 degrees of freedom: beyond one in a million.
        chiSquare.ShouldBeLessThan(430);
    }

    [Theory]
    [InlineData(1, 1f, 0f, 1)]
    [InlineData(5, 1f, 0f, 5)]
    [InlineData(0, 0.3f, 0f, 0)]
    [InlineData(0, 1f, 0.5f, 0)]
    public void Sample_WhenFiltered_DrawsOnlyFromTheLikeliest(int topK, float topP, float minP, int expectedCount)
    {
        var allowed = Enumerable.Range(0, Vocabulary).OrderByDescending(token => _logits[token]).ToArray();
        var normalizer = LogProbabilities.Normalizer(_logits);
        var count = topK > 0 ? topK
            : topP < 1 ? Nucleus(allowed, normalizer, topP)
            : allowed.Count(token => _logits[token] >= _logits[allowed[0]] + Math.Log(minP));
        if (expectedCount > 0)
            count.ShouldBe(expectedCount);
        using var sampler = new SequenceSampler(
            new SamplingParameters { TopK = topK, TopP = topP, MinP = minP, Temperature = 2, Seed = 1 }, [], Vocabulary);

        var drawn = Enumerable.Range(0, 3000).Select(position => At(sampler, position));

        drawn.Distinct().Order().ShouldBe(allowed.Take(count).Order());
    }

    [Fact]
    public void Sample_WhenPenaltiesLookBack_EqualsThePublishedFormula()
    {
        var sampling = SamplingParameters.Greedy with
        {
            RepeatPenalty = 1.3f, FrequencyPenalty = 0.4f, PresencePenalty = 0.7f, PenaltyWindow = 6, LogitBias = [new LogitBias(8, 2)],
        };
        int[] history = [299, 298, 7, 7, 8, 9, 7, 11];
        var expected = _logits.ToArray();
        expected[8] += 2;
        foreach (var group in history[^6..].GroupBy(token => token))
        {
            var logit = expected[group.Key];
            expected[group.Key] = (logit <= 0 ? logit * 1.3f : logit / 1.3f) - (group.Count() * 0.4f + 0.7f);
        }
        using var chain = new SamplerChain(sampling, Vocabulary);
        foreach (var token in history)
            chain.Accept(token);

        var left = _candidates.Filter(_logits, chain);

        left.ToArray().OrderBy(candidate => candidate.id).Select(candidate => candidate.logit).ShouldBe(expected);
        Draw(sampling, position: 7, history).Token.ShouldBe(GreedyChoice.Of(expected));
    }

    [Fact]
    public void Sample_WhenASequenceIsOpenedAnewWithItsHistory_DrawsTheSame()
    {
        var sampling = new SamplingParameters
        {
            Temperature = 1.2f, RepeatPenalty = 1.5f, FrequencyPenalty = 0.5f, PresencePenalty = 0.5f, PenaltyWindow = 5, Seed = 4,
        };
        int[] prompt = [5, 6, 7];
        using var undisturbed = new SequenceSampler(sampling, prompt, Vocabulary);
        int[] tokens = [.. prompt, .. Enumerable.Range(2, 40).Select(position => At(undisturbed, position))];

        for (var known = 3; known < 42; known += 13)
        {
            using var reopened = new SequenceSampler(sampling, tokens.AsSpan(0, known), Vocabulary);
            Enumerable.Range(known - 1, 43 - known).Select(position => At(reopened, position)).ShouldBe(tokens[known..]);
        }
        // Redo of a part: the positions again, from the same sampler.
        Enumerable.Range(20, 10).Select(position => At(undisturbed, position)).ShouldBe(tokens[21..31]);
        Enumerable.Range(10, 32).Select(position => At(undisturbed, position)).ShouldBe(tokens[11..]);
    }

    [Fact]
    public void Sample_WhenLogProbabilitiesAreAsked_AreOfTheWholeDistributionInOrder()
    {
        _logits[40] = _logits[41] = 6;
        var token = Draw(
            SamplingParameters.Greedy with { LogProbabilities = true, TopLogProbabilities = 20, LogitBias = [new LogitBias(9, 100)] }, 3);

        token.Token.ShouldBe(9);
        var all = LogProbabilities.Top(_logits, 20, LogProbabilities.Normalizer(_logits));
        token.Alternatives.ShouldBe(all);
        all[..2].Select(one => one.Token).ShouldBe([40, 41]);
        all.Select(one => one.LogProbability).ShouldBeInOrder(SortDirection.Descending);
        var sum = _logits.Sum(logit => Math.Exp(logit - LogProbabilities.Normalizer(_logits)));
        sum.ShouldBe(1, 1e-6);
        token.LogProbability.ShouldBe((float)(_logits[9] - LogProbabilities.Normalizer(_logits)));
        float.IsNaN(Draw(SamplingParameters.Greedy, 3).LogProbability).ShouldBeTrue();
    }

    public static TheoryData<string> BadParameters() => [.. s_bad.Keys];

    private static readonly Dictionary<string, SamplingParameters> s_bad = new()
    {
        ["temperature"] = new() { Temperature = float.NaN },
        ["top-p"] = new() { TopP = 1.1f },
        ["min-p"] = new() { MinP = -0.1f },
        ["top-k"] = new() { TopK = -1 },
        ["repeat penalty"] = new() { RepeatPenalty = 0 },
        ["frequency penalty"] = new() { FrequencyPenalty = 3 },
        ["presence penalty"] = new() { PresencePenalty = float.NegativeInfinity },
        ["penalty window"] = new() { PenaltyWindow = int.MaxValue },
        ["top log probabilities"] = new() { TopLogProbabilities = 21 },
        ["logit bias of token 2"] = new() { LogitBias = [new LogitBias(2, 101)] },
        ["Token 300 of the logit biases"] = new() { LogitBias = [new LogitBias(300, 1)] },
    };

    [Theory, MemberData(nameof(BadParameters))]
    public void Require_WhenAParameterIsOutOfRange_NamesIt(string name) =>
        Should.Throw<ArgumentException>(() => SamplingLimits.Require(s_bad[name], Vocabulary)).Message.ShouldContain(name);

    private SampledToken Draw(SamplingParameters sampling, int position, int[]? history = null)
    {
        using var sampler = new SequenceSampler(sampling, history, Vocabulary);
        return sampler.Sample(new BatchRow(0, position, true), _logits, _candidates);
    }

    private int At(SequenceSampler sampler, int position) => sampler.Sample(new BatchRow(0, position, true), _logits, _candidates).Token;

    private int Nucleus(int[] likeliest, double normalizer, float share)
    {
        var sum = 0.0;
        return likeliest.TakeWhile(token => (sum += Math.Exp(_logits[token] - normalizer)) < share).Count() + 1;
    }
}
