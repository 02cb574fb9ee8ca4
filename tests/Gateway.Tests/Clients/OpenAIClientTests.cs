using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using OpenAI;
using OpenAI.Chat;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.Tests.Fakes;
using OrleansInference.Grains.Gateways;
using SdkFinishReason = OpenAI.Chat.ChatFinishReason;

namespace OrleansInference.Gateway.Tests.Clients;

/// <summary>The gateway as OpenAI's own .NET SDK sees it.</summary>
public sealed class OpenAIClientTests : IAsyncLifetime
{
    private readonly GatewayFixture _gateway = new();

    public ValueTask InitializeAsync() => _gateway.InitializeAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task Chat_WhenAsked_AnswersWithUsage()
    {
        ChatCompletion completion = await Client().CompleteChatAsync(
            [new SystemChatMessage("Be brief."), new UserChatMessage("Tell me a story")],
                cancellationToken: TestContext.Current.CancellationToken);
        completion.Content[0].Text.ShouldBe("Once upon a time");
        completion.FinishReason.ShouldBe(SdkFinishReason.Stop);
        completion.Role.ShouldBe(ChatMessageRole.Assistant);
        completion.Model.ShouldBe("pebble");
        (completion.Usage.InputTokenCount, completion.Usage.OutputTokenCount, completion.Usage.TotalTokenCount).ShouldBe((7, 4, 11));
    }

    [Fact]
    public async Task Chat_WhenStreamed_GivesTextFinishAndUsage()
    {
        var text = new StringBuilder();
        SdkFinishReason? finish = null;
        ChatTokenUsage? usage = null;
        await foreach (var update in Client().CompleteChatStreamingAsync(
            [new UserChatMessage("Hi")], cancellationToken: TestContext.Current.CancellationToken))
        {
            foreach (var part in update.ContentUpdate)
                text.Append(part.Text);
            finish = update.FinishReason ?? finish;
            usage = update.Usage ?? usage;
        }

        text.ToString().ShouldBe("Once upon a time");
        finish.ShouldBe(SdkFinishReason.Stop);
        usage!.TotalTokenCount.ShouldBe(11);
    }

    [Fact]
    public async Task Options_WhenSet_ReachTheHead()
    {
        var options = new ChatCompletionOptions
        {
            MaxOutputTokenCount = 5, Temperature = 0, TopP = 0.5f, FrequencyPenalty = 0.5f, PresencePenalty = -0.5f,
            IncludeLogProbabilities = true, TopLogProbabilityCount = 2, EndUserId = "someone",
        };
        options.StopSequences.Add("END");
        options.LogitBiases[5] = -100;
        _gateway.Head.Script = async request =>
        {
            await request.SendAsync("Once", Scripts.TokenOf("Once"));
            await request.FinishAsync(FinishReason.Length, 7, 5);
        };
        ChatCompletion completion = await Client().CompleteChatAsync(
            [new UserChatMessage("Hi")], options, TestContext.Current.CancellationToken);

        completion.FinishReason.ShouldBe(SdkFinishReason.Length);
        var token = completion.ContentTokenLogProbabilities.ShouldHaveSingleItem();
        (token.Token, token.LogProbability, token.TopLogProbabilities.Count).ShouldBe(("Once", -0.5f, 2));
        var generation = _gateway.Head.LastRequest.Generation;
        (generation.MaximumTokens, generation.Sampling.Temperature, generation.Sampling.TopP).ShouldBe((5, 0f, 0.5f));
        generation.Stop.ShouldBe(["END"]);
        generation.Sampling.LogitBias.ShouldBe([new(5, -100)]);
    }

    [Fact]
    public async Task Conversation_WhenTheAnswerIsSentBack_IsUnderstood()
    {
        ChatCompletion first = await Client().CompleteChatAsync(
            [new UserChatMessage("Hi")], cancellationToken: TestContext.Current.CancellationToken);
        await Client().CompleteChatAsync(
            [new UserChatMessage("Hi"), new AssistantChatMessage(first),
                new UserChatMessage(ChatMessageContentPart.CreateTextPart("And then?"))],
            cancellationToken: TestContext.Current.CancellationToken);
        _gateway.Head.LastRequest.Generation.Messages!.Value
            .ShouldBe([new("user", "Hi"), new("assistant", "Once upon a time"), new("user", "And then?")]);
    }

    [Fact]
    public async Task Error_WhenRequestIsWrong_IsAClientResultExceptionThatNamesTheField()
    {
        var options = new ChatCompletionOptions();
        options.Tools.Add(ChatTool.CreateFunctionTool("weather"));
        var exception = await Should.ThrowAsync<ClientResultException>(
            () => Client().CompleteChatAsync([new UserChatMessage("Hi")], options, TestContext.Current.CancellationToken));
        exception.Status.ShouldBe(400);
        exception.Message.ShouldContain("tools");
        exception.Message.ShouldContain("unsupported_parameter");
    }

    [Fact]
    public async Task Error_WhenModelIsUnknown_IsA404()
    {
        var exception = await Should.ThrowAsync<ClientResultException>(
            () => Client("gpt-4o").CompleteChatAsync([new UserChatMessage("Hi")]));
        exception.Status.ShouldBe(404);
        exception.Message.ShouldContain("model_not_found");
    }

    [Fact]
    public async Task Error_WhenQueueIsFull_IsRetriedByTheClientUntilThereIsRoom()
    {
        _gateway.Admission.Refuse = number => number < 2 ? new(RefusalReason.QueueFull, "Full.", 1, 0) : null;
        ChatCompletion completion = await Client(retries: 3).CompleteChatAsync(
            [new UserChatMessage("Hi")], cancellationToken: TestContext.Current.CancellationToken);
        completion.Content[0].Text.ShouldBe("Once upon a time");
        _gateway.Admission.Requests.Count.ShouldBe(3);
    }

    [Fact]
    public async Task Error_WhenNotReady_IsA503()
    {
        _gateway.Admission.Refuse = _ => new(RefusalReason.NotReady, "Loading slices.", 1_000, 0.5);
        var exception = await Should.ThrowAsync<ClientResultException>(() => Client().CompleteChatAsync([new UserChatMessage("Hi")]));
        exception.Status.ShouldBe(503);
        exception.Message.ShouldContain("50 % loaded");
    }

    [Fact]
    public async Task Stream_WhenClientCancels_CancelsAtTheHead()
    {
        _gateway.Head.Script = Scripts.Endless;
        using var cancellation = new CancellationTokenSource();
        await Should.ThrowAsync<OperationCanceledException>(async () =>
        {
            await foreach (var update in Client().CompleteChatStreamingAsync(
                [new UserChatMessage("Hi")], cancellationToken: cancellation.Token))
            {
                if (update.ContentUpdate.Count > 0 && update.ContentUpdate[0].Text.Length > 0)
                    await cancellation.CancelAsync();
            }
        });
        await GatewayFixture.UntilAsync(() => _gateway.Head.LastRequest.IsCancelled, "the head is told");
        await _gateway.SettleAsync();
    }

    [Fact]
    public async Task Stream_WhenItFailsMidway_DoesNotLookWhole()
    {
        var begun = new TaskCompletionSource();
        _gateway.Head.Script = Scripts.FailingOnce(begun.Task);
        var text = new StringBuilder();
        // This SDK passes over events that are no chunks, an error among them.
        await Should.ThrowAsync<IOException>(async () =>
        {
            await foreach (var update in Client().CompleteChatStreamingAsync(
                [new UserChatMessage("Hi")], cancellationToken: TestContext.Current.CancellationToken))
            {
                text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
                begun.TrySetResult();
            }
        });
        text.ToString().ShouldBe("Once");
        await _gateway.SettleAsync();
    }

    [Fact]
    public async Task Models_WhenListed_AreThere()
    {
        var models = new OpenAIClient(new ApiKeyCredential("none"), Options(0)).GetOpenAIModelClient();
        (await models.GetModelsAsync(TestContext.Current.CancellationToken)).Value.Select(model => model.Id).ShouldBe(["pebble"]);
        (await models.GetModelAsync("pebble", TestContext.Current.CancellationToken)).Value.OwnedBy.ShouldBe("orleansinference");
    }

    private ChatClient Client(string model = "pebble", int retries = 0) => new(model, new ApiKeyCredential("none"), Options(retries));

    private OpenAIClientOptions Options(int retries) =>
        new() { Endpoint = new(_gateway.Address, "/v1"), RetryPolicy = new ClientRetryPolicy(retries) };
}
