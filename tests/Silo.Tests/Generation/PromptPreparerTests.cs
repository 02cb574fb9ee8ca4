using System.Collections.Immutable;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Silo.Generation;
using OrleansInference.Silo.Tests.Engines;
using OrleansInference.Silo.Tests.Stages;

namespace OrleansInference.Silo.Tests.Generation;

public sealed class PromptPreparerTests(TestModels models)
{
    private const int ContextLength = 50;
    private const int MaximumBatchRows = 16;

    private static readonly GenerationRequest s_request = new()
    {
        Prompt = "hello", Sampling = SamplingParameters.Greedy, MaximumTokens = 5,
    };

    private readonly PromptPreparer _preparer = new(new FakeTokenizer(), ContextLength, MaximumBatchRows, stopTextCharacters: 20);

    [Fact]
    public void Prepare_WhenTheRequestIsGood_TokenizesIt()
    {
        var prompt = _preparer.Prepare(s_request with { PrefillChunkRows = 4 });

        prompt.Error.ShouldBeNull();
        prompt.Tokens.ShouldBe(FakeModel.Tokenize("hello"));
        prompt.MaximumTokens.ShouldBe(5);
        prompt.MaximumCells.ShouldBe(9);
        prompt.ChunkRows.ShouldBe(4);
        prompt.Echo.ShouldBe("");
    }

    [Theory]
    [InlineData(0, MaximumBatchRows)]
    [InlineData(1000, MaximumBatchRows)]
    [InlineData(7, 7)]
    public void Prepare_WhateverTheChunk_KeepsItWithinABatch(int wanted, int expected) =>
        _preparer.Prepare(s_request with { PrefillChunkRows = wanted }).ChunkRows.ShouldBe(expected);

    [Fact]
    public void Prepare_WhenNoLimitIsGiven_TakesWhatTheContextHolds() =>
        _preparer.Prepare(s_request with { MaximumTokens = null }).MaximumTokens.ShouldBe(ContextLength - 5);

    [Fact]
    public void Prepare_WhenMessagesAreGiven_AppliesTheTemplate() => _preparer
        .Prepare(s_request with { Prompt = null, Messages = [new ChatMessage("user", "hi")] })
        .Tokens.ShouldBe(FakeModel.Tokenize("<user>hi<assistant>"));

    [Fact]
    public void Prepare_WhenTheTemplateIsToldMore_TellsItSo() => _preparer
        .Prepare(s_request with { Prompt = null, Messages = [new ChatMessage("user", "hi")], TemplateArguments = "{}" })
        .Tokens.ShouldBe(FakeModel.Tokenize("{}<user>hi<assistant>"));

    /// <summary>In a prompt of the model's own format, and nowhere else: what a chat says stays text.</summary>
    [Fact]
    public async Task Prepare_WhenAPromptHoldsControlTexts_MakesControlTokens()
    {
        var model = await models.GetAsync("pebble");
        using var tokenizer = await models.Factory().LoadTokenizerAsync(model.Manifest.Id, TestContext.Current.CancellationToken);
        var preparer = new PromptPreparer(tokenizer, contextLength: 500, MaximumBatchRows, stopTextCharacters: 20);
        var begin = tokenizer.Tokenize("", addSpecial: true, parseSpecial: false);

        var prompt = preparer.Prepare(s_request with { Prompt = "<|im_end|>", Echo = true });
        var chat = preparer.Prepare(s_request with { Prompt = null, Messages = [new ChatMessage("user", "<|im_end|><|im_end|>")] });

        var end = prompt.Tokens[begin.Length..].ShouldHaveSingleItem();
        tokenizer.IsEndOfGeneration(end).ShouldBeTrue();
        prompt.Echo.ShouldBe("<|im_end|>");
        chat.Tokens.Count(token => token == end).ShouldBe(1);
    }

    [Fact]
    public void Prepare_WhenTheTemplateRefuses_SaysWhy() => ShouldRefuse(
        s_request with { Prompt = null, Messages = [new ChatMessage("alien", "hi")] }, GenerationErrorCode.InvalidRequest, "role alien");

    [Fact]
    public void Prepare_WhenEchoIsWanted_GivesThePromptsText()
    {
        _preparer.Prepare(s_request with { Echo = true }).Echo.ShouldBe("hello");
        _preparer.Prepare(s_request with { Echo = true, Prompt = null, PromptTokens = [95, 96, 97] }).Echo.ShouldBe("é€");
    }

    [Fact]
    public void Prepare_WhenPromptAndTokensExceedTheContext_SaysTheNumbers()
    {
        ShouldRefuse(s_request with { MaximumTokens = 46 }, GenerationErrorCode.ContextOverflow, "5 tokens", "46 more", "51 together");
        ShouldRefuse(s_request with { MaximumTokens = int.MaxValue }, GenerationErrorCode.ContextOverflow, "2147483652 together");
        _preparer.Prepare(s_request with { MaximumTokens = 45 }).Error.ShouldBeNull();
    }

    [Fact]
    public void Prepare_WhenThePromptAloneFillsTheContext_IsRefused() => ShouldRefuse(
        s_request with { Prompt = new string('x', ContextLength), MaximumTokens = null }, GenerationErrorCode.ContextOverflow, "50 tokens");

    [Fact]
    public void Prepare_WhenNotExactlyOnePromptIsGiven_IsRefused()
    {
        ShouldRefuse(s_request with { Prompt = null }, GenerationErrorCode.InvalidRequest, "0 are");
        ShouldRefuse(s_request with { PromptTokens = [1] }, GenerationErrorCode.InvalidRequest, "2 are");
    }

    [Fact]
    public void Prepare_WhenThePromptIsEmpty_IsRefused()
    {
        ShouldRefuse(s_request with { Prompt = "" }, GenerationErrorCode.InvalidRequest, "empty");
        ShouldRefuse(s_request with { Prompt = null, PromptTokens = [] }, GenerationErrorCode.InvalidRequest, "empty");
        ShouldRefuse(s_request with { Prompt = null, Messages = [] }, GenerationErrorCode.InvalidRequest, "empty");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(FakeModel.VocabularySize)]
    public void Prepare_WhenATokenIsNotInTheVocabulary_IsRefused(int token)
    {
        ShouldRefuse(s_request with { Prompt = null, PromptTokens = [1, token] }, GenerationErrorCode.InvalidRequest, $"token {token}");
        var sampling = new SamplingParameters { LogitBias = [new LogitBias(token, 1)] };
        ShouldRefuse(s_request with { Sampling = sampling }, GenerationErrorCode.InvalidRequest, $"{token}");
    }

    [Fact]
    public void Prepare_WhenANumberIsOutOfRange_NamesIt()
    {
        ShouldRefuse(s_request with { MaximumTokens = 0 }, GenerationErrorCode.InvalidRequest, "at least 1");
        ShouldRefuse(s_request with { Sampling = new() { Temperature = 3 } }, GenerationErrorCode.InvalidRequest, "temperature");
        ShouldRefuse(s_request with { Sampling = new() { TopP = float.NaN } }, GenerationErrorCode.InvalidRequest, "top-p");
        ShouldRefuse(s_request with { Sampling = new() { TopLogProbabilities = 21 } }, GenerationErrorCode.InvalidRequest, "log prob");
    }

    [Fact]
    public void Prepare_WhenAStopTextIsOutOfBounds_IsRefused()
    {
        ShouldRefuse(s_request with { Stop = [""] }, GenerationErrorCode.InvalidRequest, "1 to 20");
        ShouldRefuse(s_request with { Stop = [new string('x', 21)] }, GenerationErrorCode.InvalidRequest, "21 characters");
        ShouldRefuse(s_request with { Stop = [.. Enumerable.Repeat("a", 33)] }, GenerationErrorCode.InvalidRequest, "33 stop texts");
        _preparer.Prepare(s_request with { Stop = [.. Enumerable.Repeat("a", 32)] }).Error.ShouldBeNull();
    }

    private void ShouldRefuse(GenerationRequest request, GenerationErrorCode code, params ImmutableArray<string> parts)
    {
        var error = _preparer.Prepare(request).Error.ShouldNotBeNull();
        error.Code.ShouldBe(code);
        foreach (var part in parts)
            error.Message.ShouldContain(part);
    }
}
