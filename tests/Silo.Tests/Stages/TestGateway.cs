using System.Collections.Concurrent;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>The little of a gateway that a head needs: sends requests over one connection and collects what comes back.</summary>
internal sealed class TestGateway : IFrameHandler, IAsyncDisposable
{
    private readonly ConcurrentDictionary<long, TestCompletion> _completions = new();
    private readonly TaskCompletionSource<Exception?> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DataPlaneConnection _connection = null!;
    private long _lastRequestId;

    /// <summary>While set, the gateway reads nothing more once the task's first frame is in hand.</summary>
    public Task Hold { get; set; } = Task.CompletedTask;

    /// <summary>Why the connection ended, once it has.</summary>
    public Task<Exception?> Closed => _closed.Task;

    public static async Task<TestGateway> ConnectAsync(TestSilo head, string pipeline, long epoch)
    {
        var gateway = new TestGateway();
        var hello = new HelloFrame { Role = ConnectionRole.Generation, Pipeline = pipeline, Epoch = epoch };
        gateway._connection = await head.Connector.ConnectAsync(head.Endpoint, hello, gateway, TestContext.Current.CancellationToken);
        return gateway;
    }

    public async Task<TestCompletion> SendAsync(GenerationRequest request)
    {
        var completion = new TestCompletion(Interlocked.Increment(ref _lastRequestId));
        _completions[completion.RequestId] = completion;
        await _connection.SendAsync(new GenerateFrame(completion.RequestId, request), TestContext.Current.CancellationToken);
        return completion;
    }

    public Task<TestCompletion> SendAsync(string prompt, int maximumTokens = 40, params string[] stop) => SendAsync(new GenerationRequest
    {
        Prompt = prompt,
        Sampling = SamplingParameters.Greedy,
        MaximumTokens = maximumTokens,
        Stop = [.. stop],
    });

    public async Task<TestCompletion> CompleteAsync(string prompt, int maximumTokens = 40, params string[] stop)
    {
        var completion = await SendAsync(prompt, maximumTokens, stop);
        await completion.Finished.Within();
        return completion;
    }

    public ValueTask CancelAsync(TestCompletion completion) =>
        _connection.SendAsync(new CancelFrame(completion.RequestId), TestContext.Current.CancellationToken);

    /// <summary>Drops what was collected of a completion that has ended.</summary>
    public void Forget(TestCompletion completion) => _completions.TryRemove(completion.RequestId, out _);

    public async ValueTask OnFrameAsync(Frame frame, DataPlaneConnection connection, CancellationToken cancellation)
    {
        switch (frame)
        {
            case DeltaFrame delta:
                _completions[delta.RequestId].Add(delta.Delta);
                break;
            case FinishFrame finish:
                _completions[finish.RequestId].End(finish.Finish);
                break;
        }
        await Hold.WaitAsync(cancellation);
    }

    public ValueTask OnClosedAsync(DataPlaneConnection connection, Exception? reason)
    {
        foreach (var completion in _completions.Values)
            completion.Abandon(reason);
        _closed.TrySetResult(reason);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
