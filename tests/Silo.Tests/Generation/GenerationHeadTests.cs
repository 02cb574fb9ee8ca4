using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Grains.Shards;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Generation;
using OrleansInference.Silo.Stages;
using OrleansInference.Silo.Tests.Stages;

namespace OrleansInference.Silo.Tests.Generation;

/// <summary>A head with the only stage in hand: no sockets, so what waits where is exact.</summary>
public sealed class GenerationHeadTests : IAsyncDisposable
{
    private readonly StageAssignment _assignment = new("fake/0", "fake", 1, 0, 1, 0, FakeModel.LayerCount, "device", 3, 3000, 1000, 16, QueueLength: 256);
    private readonly HeadOptions _options = new() { OutboxTokens = 8 };
    private readonly FakeStageEngine _engine;
    private readonly List<string> _lost = [];
    private StageRuntime? _runtime;
    private GenerationHead? _head;
    private bool _isSilent;

    public GenerationHeadTests() => _engine = new FakeStageEngine(new StageConfiguration("fake", 0, FakeModel.LayerCount, 3, 3000, 16, 1));

    [Fact]
    public async Task Submit_BeforeTheRingIsProven_IsRefused()
    {
        var head = Start();

        var refusal = head.Submit(Request(1, 5)).ShouldNotBeNull();

        refusal.Code.ShouldBe(GenerationErrorCode.NotReady);
        refusal.RetryAfterMilliseconds.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Prove_WhenTheTokenComesBack_LetsRequestsInAndLeavesNoSlotTaken()
    {
        var head = await StartProvenAsync();

        _engine.Calls.ShouldBe(["open 0", "decode", "clear 0"]);
        var completion = Request(1, 5);
        head.Submit(completion).ShouldBeNull();
        (await completion.Finished.Within()).Error.ShouldBeNull();
        await head.ProveAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Prove_WhenTheTokenDoesNotComeBack_SaysSoInTime()
    {
        _options.ProofTimeoutSeconds = 0.05;
        _isSilent = true;
        var head = Start();

        var exception = await Should.ThrowAsync<ShardUnavailableException>(head.ProveAsync(TestContext.Current.CancellationToken));

        exception.Message.ShouldContain("0.05 seconds");
        head.Submit(Request(1, 5)).ShouldNotBeNull().Code.ShouldBe(GenerationErrorCode.NotReady);
    }

    [Fact]
    public async Task Reader_WhenItFallsBehind_PausesItsStreamUntilItReads()
    {
        var head = await StartProvenAsync();
        var unread = Request(1, 60);
        head.Submit(unread).ShouldBeNull();
        await Eventually.AsyncIs(() => unread.Outbox.IsFull && unread.Sequence!.IsPaused, "the outbox is full");

        var other = Request(2, 5);
        head.Submit(other).ShouldBeNull();
        await other.Finished.Within();
        unread.SampledTokens.ShouldBe(8);

        var text = "";
        await Eventually.AsyncIs(() => TakeAll(head, unread, ref text), "all is read");
        text.ShouldBe(FakeModel.TextOf(FakeModel.Complete(unread.Prompt.Tokens, 60)));
    }

    [Fact]
    public async Task Reader_WhenItStaysBehind_LosesItsSlotAfterABoundedTime()
    {
        _options.PauseTimeoutSeconds = 0.1;
        var head = await StartProvenAsync();
        var unread = Request(1, 60);
        head.Submit(unread).ShouldBeNull();

        var finish = await unread.Finished.Within();

        finish.Error.ShouldNotBeNull().Message.ShouldContain("8 tokens were not read");
        await Eventually.AsyncIs(() => head.BusySlots == 0 && _engine.OccupiedSlots == 0, "the slot is free");
    }

    [Fact]
    public async Task Ring_WhenABatchIsNotAnsweredInTime_IsLost()
    {
        _options.BatchTimeoutSeconds = 0.2;
        var head = await StartProvenAsync();
        _isSilent = true;
        var (running, waiting) = (Request(1, 60), Request(2, 60));
        head.Submit(running).ShouldBeNull();
        head.Submit(waiting).ShouldBeNull();

        var error = (await running.Finished.Within()).Error.ShouldNotBeNull();

        error.Code.ShouldBe(GenerationErrorCode.StageLost);
        error.Message.ShouldContain("0.2 seconds");
        error.RetryAfterMilliseconds.ShouldBeGreaterThan(0);
        (await waiting.Finished.Within()).Error.ShouldNotBeNull().Code.ShouldBe(GenerationErrorCode.StageLost);
        _lost.ShouldHaveSingleItem().ShouldContain("No tokens");
        head.Submit(Request(3, 5)).ShouldNotBeNull().Code.ShouldBe(GenerationErrorCode.NotReady);
    }

    [Fact]
    public async Task Ring_WhenTheFirstStageTakesNoMoreWork_IsLostInTime()
    {
        _options.BatchTimeoutSeconds = 0.2;
        var full = Channel.CreateBounded<StageWork>(1);
        full.Writer.TryWrite(new StageWork()).ShouldBeTrue();
        _head = new GenerationHead(
            _assignment, new FakeTokenizer(), hasSlidingWindow: false, full.Writer, _lost.Add, _options, TimeProvider.System, NullLogger.Instance);

        var proving = Should.ThrowAsync<ShardUnavailableException>(_head.ProveAsync(TestContext.Current.CancellationToken));

        (await proving.Within()).Message.ShouldContain("The first stage took no work within 0.2 seconds");
        _lost.ShouldHaveSingleItem().ShouldContain("took no work");
    }

    [Fact]
    public async Task Ring_WhenItAnswersWithOtherRows_IsLost()
    {
        var head = await StartProvenAsync();
        var completion = Request(1, 60);
        _isSilent = true;
        head.Submit(completion).ShouldBeNull();
        await Eventually.AsyncIs(() => _engine.Batches.Count >= 2, "the batch is computed");

        head.Answer(new TokensFrame(2, new SampledToken[] { new(0, 16, 1, float.NaN, null) }));

        (await completion.Finished.Within()).Error.ShouldNotBeNull().Message.ShouldContain("1 tokens; 0 were asked for");
    }

    [Fact]
    public async Task Engine_WhenABatchFails_FailsItsSequencesAndGoesOn()
    {
        var head = await StartProvenAsync();
        var faults = 1;
        _engine.BeforeDecode = _ =>
            Interlocked.Decrement(ref faults) >= 0 ? throw new StageEngineException("The accelerator coughed.") : Task.CompletedTask;
        var (failing, next) = (Request(1, 20), Request(2, 5));

        head.Submit(failing).ShouldBeNull();
        var error = (await failing.Finished.Within()).Error.ShouldNotBeNull();
        head.Submit(next).ShouldBeNull();

        error.Code.ShouldBe(GenerationErrorCode.Internal);
        error.Message.ShouldContain("coughed");
        (await next.Finished.Within()).Error.ShouldBeNull();
        _lost.ShouldBeEmpty();
    }

    [Fact]
    public async Task Engine_WhenItFailsAgainAndAgain_FaultsTheStage()
    {
        var head = await StartProvenAsync();
        _engine.BeforeDecode = _ => throw new StageEngineException("The accelerator is gone.");

        for (var number = 0; number < 3; number++)
        {
            var completion = Request(number, 20);
            head.Submit(completion).ShouldBeNull();
            (await completion.Finished.Within()).Error.ShouldNotBeNull();
        }

        await Eventually.AsyncIs(() => _lost.Count == 1, "the stage is reported");
        _lost[0].ShouldContain("3 times in a row");
    }

    [Fact]
    public async Task Drain_WhenStreamsRun_LetsThemEndAndTakesNoOthers()
    {
        var head = await StartProvenAsync();
        var gate = new TaskCompletionSource();
        _engine.BeforeDecode = _ => gate.Task;
        var running = Request(1, 5);
        head.Submit(running).ShouldBeNull();

        var drained = head.DrainAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        head.Submit(Request(2, 5)).ShouldNotBeNull().Message.ShouldContain("stopping");
        drained.IsCompleted.ShouldBeFalse();
        gate.SetResult();

        await drained.Within();
        (await running.Finished).Error.ShouldBeNull();
    }

    [Fact]
    public async Task Dispose_WhenStreamsRunOrWait_TellsThemToComeBackLater()
    {
        var head = await StartProvenAsync();
        var gate = new TaskCompletionSource();
        _engine.BeforeDecode = _ => gate.Task;
        var completions = Enumerable.Range(0, 6).Select(number => Request(number, 5)).ToList();
        completions.ForEach(completion => head.Submit(completion).ShouldBeNull());

        await head.DisposeAsync();
        gate.SetResult();

        foreach (var completion in completions)
            (await completion.Finished.Within()).Error.ShouldNotBeNull().Code.ShouldBe(GenerationErrorCode.NotReady);
    }

    public async ValueTask DisposeAsync()
    {
        if (_head is not null)
            await _head.DisposeAsync();
        if (_runtime is not null)
            await _runtime.DisposeAsync();
    }

    private async Task<GenerationHead> StartProvenAsync()
    {
        var head = Start();
        await head.ProveAsync(TestContext.Current.CancellationToken);
        await Eventually.AsyncIs(() => _engine.Calls.Contains("clear 0"), "the proving token's slot is clear");
        return head;
    }

    private GenerationHead Start()
    {
        _runtime = new StageRuntime(
            _assignment, _engine, AnswerAsync, (reason, _) => _lost.Add(reason), turnProcessor: null, new StageOptions(), NullLogger.Instance);
        return _head = new GenerationHead(
            _assignment, new FakeTokenizer(), hasSlidingWindow: false, _runtime.Input, _lost.Add, _options, TimeProvider.System, NullLogger.Instance);
    }

    private ValueTask AnswerAsync(Frame frame, CancellationToken cancellation)
    {
        if (!_isSilent)
            _head!.Answer(frame is TokensFrame tokens ? tokens with { Tokens = tokens.Tokens.ToArray() } : frame);
        return ValueTask.CompletedTask;
    }

    private Completion Request(int number, int tokens)
    {
        var request = new GenerationRequest
        {
            Prompt = FakeModel.PromptOf(number, leastTokens: tokens),
            Sampling = SamplingParameters.Greedy,
            MaximumTokens = tokens,
        };
        return new Completion(number, request, _options.OutboxTokens, onOutput: null);
    }

    private static bool TakeAll(GenerationHead head, Completion completion, ref string text)
    {
        var (delta, finish) = completion.Outbox.Take();
        text += delta?.Read().Text;
        head.Resume();
        return finish is not null;
    }
}
