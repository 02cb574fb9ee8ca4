using System.Collections.Immutable;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.DataPlane.Tests.Fakes;

/// <summary>Frames of a sound layout with one value each that is not allowed, and words of what both sides say of it.</summary>
internal static class BadFrameList
{
    private const int Slots = RandomFrames.SlotCount;
    private const int Positions = RandomFrames.PositionCount;

    public static TheoryData<string, Frame, ConnectionRole> All
    {
        get
        {
            const ConnectionRole role = ConnectionRole.Generation;
            var all = new TheoryData<string, Frame, ConnectionRole>();
            foreach (var (problem, frame) in Ring)
                all.Add(problem, frame, ConnectionRole.Ring);
            foreach (var (problem, token) in Tokens)
                all.Add(problem, new TokensFrame(1, token), ConnectionRole.Tokens);
            foreach (var (problem, request) in Requests)
                all.Add(problem, new GenerateFrame(1, request), role);
            foreach (var (problem, sampling) in Samplings)
                all.Add(problem, new GenerateFrame(1, new GenerationRequest { Prompt = "", Sampling = sampling }), role);
            foreach (var (problem, frame) in Outcomes)
                all.Add(problem, frame, role);
            return all;
        }
    }

    private static IEnumerable<(string, Frame)> Ring =>
    [
        ("slot is -1", new ClearFrame(-1, 0)),
        ($"slot is {Slots}", new ClearFrame(Slots, 0)),
        ("position is -1", new ClearFrame(0, -1)),
        ($"position is {Positions + 1}", new ClearFrame(0, Positions + 1)),
        ("slot is -1", new CopyFrame(-1, 0, 1)),
        ($"slot is {Slots}", new CopyFrame(0, Slots, 1)),
        ("slot 3 is its own source", new CopyFrame(3, 3, 1)),
        ("end position is 0", new CopyFrame(0, 1, 0)),
        ($"end position is {Positions + 1}", new CopyFrame(0, 1, Positions + 1)),
        ($"slot is {Slots}", new OpenFrame(Slots, SamplingParameters.Greedy, new int[1])),
        ("history holds the token -5 at 1", new OpenFrame(0, SamplingParameters.Greedy, new[] { 1, -5 })),
        ($"history has {Positions + 1} tokens", new OpenFrame(0, SamplingParameters.Greedy, new int[Positions + 1])),
        ("temperature is NaN", new OpenFrame(0, SamplingParameters.Greedy with { Temperature = float.NaN }, default)),
        ("row count is 0", new BatchFrame(1, default, default)),
        ("row count is 5", Batch([.. Enumerable.Repeat(default(BatchRow), 5)])),
        ($"row 1: slot is {Slots}", Batch(default, new BatchRow(Slots, 0, true))),
        ("row 0: slot is -1", Batch(new BatchRow(-1, 0, true))),
        ($"row 0: position is {Positions}", Batch(new BatchRow(0, Positions, true))),
        ("row 0: position is -7", Batch(new BatchRow(0, -7, true))),
        ("slowest stage's microseconds is -1", Batch(default(BatchRow)) with { Timing = new RingTiming(-1, 5) }),
        ("all stages' microseconds is 4", Batch(default(BatchRow)) with { Timing = new RingTiming(5, 4) }),
        ("total is 0", new StateFrame(0, 0, 0, default)),
        ("offset is 10", new StateFrame(0, 10, 10, new byte[1])),
        ("offset is -1", new StateFrame(0, -1, 10, new byte[1])),
        ("length of chunk is 4", new StateFrame(0, 7, 10, new byte[4])),
        ("length of chunk is 0", new StateFrame(0, 7, 10, default)),
        ("total is 9223372036854775807", new StateFrame(0, 0, long.MaxValue, new byte[4])),
        ($"slot is {Slots}", new StateFrame(Slots, 0, 4, new byte[4])),
        ("reason takes 16385 bytes", new FaultFrame(1, new string('x', (16 << 10) + 1))),
    ];

    private static IEnumerable<(string, SampledToken[])> Tokens =>
    [
        ("token count is 5", new SampledToken[5]),
        ($"token 0: slot is {Slots}", [new SampledToken(Slots, 1, 1, 0, null)]),
        ("token 0: position is 0", [new SampledToken(0, 0, 1, 0, null)]),
        ($"token 0: position is {Positions + 1}", [new SampledToken(0, Positions + 1, 1, 0, null)]),
        ("token 1: token is -3", [new SampledToken(0, 1, 1, 0, null), new SampledToken(0, 1, -3, 0, null)]),
        ("alternative count is 21", [new SampledToken(0, 1, 1, 0, new TokenProbability[21])]),
        ("alternative is -9", [new SampledToken(0, 1, 1, 0, [new TokenProbability(-9, 0)])]),
    ];

    private static IEnumerable<(string, GenerationRequest)> Requests
    {
        get
        {
            var good = new GenerationRequest { Prompt = "p", Sampling = SamplingParameters.Greedy };
            return
            [
                ("prompt holds the token -1", good with { Prompt = null, PromptTokens = [-1] }),
                ("message count is 0", good with { Prompt = null, Messages = [] }),
                ("message count is 3", good with { Prompt = null, Messages = [.. Enumerable.Repeat(new ChatMessage("user", ""), 3)] }),
                ("message's role is empty", good with { Prompt = null, Messages = [new ChatMessage("", "hello")] }),
                ("message's role takes 257", good with { Prompt = null, Messages = [new ChatMessage(new string('r', 257), "")] }),
                ("maximum tokens is -2", good with { MaximumTokens = -2 }),
                ("maximum tokens is 2147483647", good with { MaximumTokens = int.MaxValue }),
                ("stop count is 33", good with { Stop = [.. Enumerable.Repeat("a", 33)] }),
                ("stop text is empty", good with { Stop = [""] }),
                ("stop text takes 9 bytes", good with { Stop = ["ééééé"[..4] + "x"] }),
                ("prefill chunk rows is -1", good with { PrefillChunkRows = -1 }),
            ];
        }
    }

    private static IEnumerable<(string, SamplingParameters)> Samplings
    {
        get
        {
            var good = SamplingParameters.Greedy;
            return
            [
                ("temperature is NaN", good with { Temperature = float.NaN }),
                ("temperature is -1", good with { Temperature = -1 }),
                ("temperature is 2.5", good with { Temperature = 2.5f }),
                ("temperature is ", good with { Temperature = float.PositiveInfinity }),
                ("top-k is -1", good with { TopK = -1 }),
                ("top-p is NaN", good with { TopP = float.NaN }),
                ("top-p is 1.5", good with { TopP = 1.5f }),
                ("min-p is NaN", good with { MinP = float.NaN }),
                ("min-p is -0.5", good with { MinP = -0.5f }),
                ("repeat penalty is NaN", good with { RepeatPenalty = float.NaN }),
                ("repeat penalty is 0", good with { RepeatPenalty = 0 }),
                ("frequency penalty is NaN", good with { FrequencyPenalty = float.NaN }),
                ("frequency penalty is 3", good with { FrequencyPenalty = 3 }),
                ("presence penalty is NaN", good with { PresencePenalty = float.NaN }),
                ("presence penalty is -3", good with { PresencePenalty = -3 }),
                ("penalty window is -1", good with { PenaltyWindow = -1 }),
                ("top log probabilities is 21", good with { TopLogProbabilities = 21 }),
                ("logit bias count is 3", good with { LogitBias = [default, default, default] }),
                ("biased token is -1", good with { LogitBias = [new LogitBias(-1, 0)] }),
                ("logit bias is NaN", good with { LogitBias = [new LogitBias(1, float.NaN)] }),
                ("logit bias is 101", good with { LogitBias = [new LogitBias(1, 101)] }),
            ];
        }
    }

    private static IEnumerable<(string, Frame)> Outcomes
    {
        get
        {
            var error = new GenerationError(GenerationErrorCode.Internal, "broken");
            var longError = error with { Message = new string('日', 9_000) };
            var alternative = new AlternativeToken(1, [], 0);
            return
            [
                ("token is -1", Delta(new TokenLogProbability(-1, [], 0, []))),
                ("length of token's bytes is 1025", Delta(new TokenLogProbability(1, [.. new byte[1_025]], 0, []))),
                ("alternative count is 21", Delta(new TokenLogProbability(1, [], 0, [.. Enumerable.Repeat(alternative, 21)]))),
                ("alternative is -1", Delta(new TokenLogProbability(1, [], 0, [new AlternativeToken(-1, [], 0)]))),
                ("reason is 9", Finish(new GenerationFinish((FinishReason)9, 1, 1))),
                ("with no error", Finish(new GenerationFinish(FinishReason.Error, 1, 1))),
                ("with an error", Finish(new GenerationFinish(FinishReason.Stop, 1, 1, error))),
                ("prompt tokens is -1", Finish(new GenerationFinish(FinishReason.Stop, -1, 1))),
                ("completion tokens is -1", Finish(new GenerationFinish(FinishReason.Stop, 1, -1))),
                ("cached tokens is -1", Finish(new GenerationFinish(FinishReason.Stop, 1, 1, CachedTokens: -1))),
                ("cached tokens is 6", Finish(new GenerationFinish(FinishReason.Stop, 5, 1, CachedTokens: 6))),
                ("drafted tokens is -1", Finish(new GenerationFinish(FinishReason.Stop, 1, 1, DraftedTokens: -1))),
                ("accepted tokens is 4", Finish(new GenerationFinish(FinishReason.Stop, 1, 9, DraftedTokens: 3, AcceptedTokens: 4))),
                ("error code is 99", Finish(new GenerationFinish(FinishReason.Error, 1, 1, error with { Code = (GenerationErrorCode)99 }))),
                ("retry-after is -1", Finish(new GenerationFinish(FinishReason.Error, 1, 1, error with { RetryAfterMilliseconds = -1 }))),
                ("error's message takes", Finish(new GenerationFinish(FinishReason.Error, 1, 1, longError))),
            ];
        }
    }

    private static BatchFrame Batch(params BatchRow[] rows) => new(1, rows, new float[rows.Length * 8]);

    private static DeltaFrame Delta(params ImmutableArray<TokenLogProbability> tokens) => new(1, new GenerationDelta("", tokens));

    private static FinishFrame Finish(GenerationFinish finish) => new(1, finish);
}
