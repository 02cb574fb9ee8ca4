using System.Net;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.Tests.Fakes;

namespace OrleansInference.Gateway.Tests.Heads;

/// <summary>Connections to heads: shared, replaced, lost.</summary>
public sealed class HeadClientTests : IAsyncLifetime
{
    private const string Path = "/v1/completions";
    private const string Body = """{"model":"pebble","prompt":"Hi"}""";

    private readonly GatewayFixture _gateway = new();

    public ValueTask InitializeAsync() => _gateway.InitializeAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task Connection_WhenManyRequestsRun_IsShared()
    {
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => _gateway.PostForJsonAsync(Path, Body)));
        _gateway.Head.ConnectionCount.ShouldBe(1);
        _gateway.Head.Requests.ShouldAllBe(request => request.Hello.Pipeline == "pebble/0" && request.Hello.Epoch == 1);
        await _gateway.SettleAsync();
    }

    [Fact]
    public async Task Requests_WhenTheyShareAConnection_EachGetTheirOwnText()
    {
        _gateway.Head.Script = async request =>
        {
            foreach (var character in request.Generation.Prompt!)
            {
                await request.SendAsync(character.ToString());
                await Task.Yield();
            }

            await request.FinishAsync();
        };
        var prompts = Enumerable.Range(0, 32).Select(number => $"the text of request number {number}").ToArray();
        var answers = await Task.WhenAll(prompts.Select(prompt =>
            _gateway.PostForJsonAsync(Path, $$"""{"model":"pebble","prompt":"{{prompt}}"}""")));
        answers.Select(answer => answer.GetProperty("choices")[0].GetProperty("text").GetString()).ShouldBe(prompts);
    }

    [Fact]
    public async Task Epoch_WhenRaised_OpensANewConnectionAndClosesTheOldOneOnceItIsDone()
    {
        var release = new TaskCompletionSource();
        _gateway.Head.Script = async request =>
        {
            await release.Task;
            await Scripts.Story(request);
        };
        var old = _gateway.PostForJsonAsync(Path, Body);
        await GatewayFixture.UntilAsync(() => _gateway.Head.Requests.Count == 1, "the old epoch's request runs");

        _gateway.Head.Script = Scripts.Story;
        _gateway.Admission.Epoch = 2;
        await _gateway.PostForJsonAsync(Path, Body);
        _gateway.Head.ConnectionCount.ShouldBe(2);

        release.SetResult();
        (await old).GetProperty("choices")[0].GetProperty("text").GetString().ShouldBe("Once upon a time");
        await GatewayFixture.UntilAsync(() => _gateway.Head.ConnectionCount == 1, "the old connection is closed");
        await GatewayFixture.UntilAsync(() => _gateway.Heads.ConnectionCount == 1, "the old connection is forgotten");
    }

    [Fact]
    public async Task Epoch_WhenStale_IsAdmittedAnewOnce()
    {
        _gateway.Head.Refuse = hello =>
        {
            _gateway.Admission.Epoch = 2;
            return hello.Epoch < 2 ? "This is epoch 2." : null;
        };
        await _gateway.PostForJsonAsync(Path, Body);
        _gateway.Admission.Requests.Count.ShouldBe(2);
        _gateway.Head.LastRequest.Hello.Epoch.ShouldBe(2);
        await _gateway.SettleAsync();
    }

    [Fact]
    public async Task Epoch_WhenStillStale_Gives503AfterTwoAdmissions()
    {
        _gateway.Head.Refuse = _ => "Not this epoch.";
        using var response = await _gateway.PostAsync(Path, Body, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter.ShouldNotBeNull();
        _gateway.Admission.Requests.Count.ShouldBe(2);
        await _gateway.SettleAsync();
    }

    [Theory]
    [InlineData(GenerationErrorCode.NotReady)]
    [InlineData(GenerationErrorCode.StageLost)]
    public async Task Completion_WhenItFailsBeforeItBegan_BeginsAnew(GenerationErrorCode code)
    {
        _gateway.Head.Script = request => _gateway.Head.Requests.Count == 1
            ? request.FailAsync(code, "Not now.").AsTask()
            : Scripts.Story(request);
        var answer = await _gateway.PostForJsonAsync(Path, Body);
        answer.GetProperty("choices")[0].GetProperty("text").GetString().ShouldBe("Once upon a time");
        _gateway.Admission.Requests.Count.ShouldBe(2);
        await _gateway.SettleAsync();
    }

    [Fact]
    public async Task Completion_WhenConnectionIsLostBeforeItBegan_BeginsAnewOnANewConnection()
    {
        _gateway.Head.Script = request => _gateway.Head.Requests.Count == 1
            ? request.DropConnectionAsync().AsTask() : Scripts.Story(request);
        var answer = await _gateway.PostForJsonAsync(Path, Body);
        answer.GetProperty("choices")[0].GetProperty("text").GetString().ShouldBe("Once upon a time");
        await _gateway.SettleAsync();
    }

    [Fact]
    public async Task Head_WhenNobodyListens_Gives503()
    {
        await _gateway.Head.DisposeAsync();
        using var response = await _gateway.PostAsync(Path, Body, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        _gateway.Admission.IsSettled.ShouldBeTrue();
    }

    [Fact]
    public async Task Head_WhenItCannotBeReached_IsSaidInTheLogNowAndThen()
    {
        var time = new ManualTime();
        await using var gateway = await GatewayFixture.StartAsync(time);
        var endpoint = gateway.Head.Endpoint;
        await gateway.Head.DisposeAsync();
        string[] Said() => [.. gateway.Logs.Lines.Where(line => line.StartsWith("Warning: The head of pebble/0", StringComparison.Ordinal))];

        for (var i = 0; i < 3; i++)
            using (await gateway.PostAsync(Path, Body, TestContext.Current.CancellationToken)) { }
        Said().ShouldHaveSingleItem().ShouldContain($"at {endpoint} cannot be used: No data-plane connection to {endpoint}: Connection refused");

        time.Advance(TimeSpan.FromSeconds(11));
        using (await gateway.PostAsync(Path, Body, TestContext.Current.CancellationToken)) { }
        Said().Length.ShouldBe(2);
    }

    [Fact]
    public async Task Requests_WhenAThousandHaveRun_LeaveNothingBehind()
    {
        const int Count = 1_000;
        var number = 0;
        _gateway.Head.Script = request => (Interlocked.Increment(ref number) % 5) switch
        {
            0 => request.FailAsync(GenerationErrorCode.Internal, "Broken.").AsTask(),
            1 => Scripts.Endless(request),
            _ => Scripts.Story(request),
        };
        await Parallel.ForEachAsync(Enumerable.Range(0, Count), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (index, _) =>
        {
            using var impatience = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
            try
            {
                using var response = await _gateway.PostAsync(
                    Path, $$"""{"model":"pebble","prompt":"Hi","stream":{{(index % 2 == 0 ? "true" : "false")}}}""", impatience.Token);
                await response.Content.ReadAsStringAsync(impatience.Token);
            }
            catch (OperationCanceledException)
            {
            }
            catch (HttpRequestException)
            {
            }
        });

        await _gateway.SettleAsync();
        _gateway.Admission.GrantedCount.ShouldBeGreaterThan(Count / 2);
        _gateway.Head.ConnectionCount.ShouldBe(1);
    }
}
