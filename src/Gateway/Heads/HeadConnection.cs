using System.Collections.Concurrent;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Gateway.Heads;

/// <summary>The connection to one head under one epoch, shared by all completions that run there.</summary>
internal sealed partial class HeadConnection(
    HeadAddress address, GatewayOptions options, TokenTotals tokens, TimeProvider time, ILogger logger) : IFrameHandler, IAsyncDisposable
{
    private readonly ConcurrentDictionary<long, HeadRequest> _requests = new();
    private DataPlaneConnection? _connection;
    private long _lastRequestId;
    private volatile bool _isRetired;

    public HeadAddress Address { get; } = address;

    public int WaitingCount => _requests.Count(request => !request.Value.HasBegun);

    public int RunningCount => _requests.Count(request => request.Value.HasBegun);

    /// <summary>Called once, when the connection is gone.</summary>
    public required Action<HeadConnection> Closed { get; init; }

    /// <exception cref="HeadUnavailableException">No such head there.</exception>
    public async Task ConnectAsync(DataPlaneConnector connector, CancellationToken cancellation)
    {
        var hello = new HelloFrame { Role = ConnectionRole.Generation, Pipeline = Address.Pipeline, Epoch = Address.Epoch };
        try
        {
            _connection = await connector.ConnectAsync(Address.Endpoint, hello, this, cancellation);
            OnConnected(Address.Pipeline, Address.Epoch, Address.Endpoint);
        }
        catch (Exception exception)
            when (exception is DataPlaneRefusedException or DataPlaneUnreachableException or DataPlaneClosedException)
        {
            throw new HeadUnavailableException(
                $"The head of pipeline {Address.Pipeline}, epoch {Address.Epoch}, is not available.", exception);
        }
    }

    /// <exception cref="HeadUnavailableException">The connection is gone.</exception>
    /// <exception cref="ArgumentException">The request is beyond the data plane's bounds.</exception>
    public async Task<HeadRequest> StartAsync(GenerationRequest generation, CancellationToken cancellation)
    {
        var id = Interlocked.Increment(ref _lastRequestId);
        var request = new HeadRequest(id, this, new(generation.Sampling.LogProbabilities, options.MaximumPendingBytes));
        _requests[id] = request;
        try
        {
            await _connection!.SendAsync(new GenerateFrame(id, generation), cancellation);
            return request;
        }
        catch (Exception exception)
        {
            _requests.TryRemove(id, out _);
            if (exception is DataPlaneClosedException)
                throw new HeadUnavailableException($"The head of pipeline {Address.Pipeline}, epoch {Address.Epoch}, is gone.", exception);
            throw;
        }
    }

    /// <summary>Ends a completion; one that has not finished is cancelled at the head.</summary>
    public async ValueTask EndAsync(HeadRequest request)
    {
        if (_requests.TryRemove(request.Id, out _))
            await CancelAsync(request.Id);
    }

    /// <summary>Takes no more completions once those it has are done: a newer epoch has replaced this one.</summary>
    public void Retire()
    {
        _isRetired = true;
        CloseWhenRetiredAndIdle();
    }

    public ValueTask OnFrameAsync(Frame frame, DataPlaneConnection connection, CancellationToken cancellation)
    {
        switch (frame)
        {
            case DeltaFrame delta when _requests.TryGetValue(delta.RequestId, out var request):
                if (!request.OnDelta(delta.Delta))
                    // Not awaited: the frames of the other completions must not wait for it.
                    _ = EndAsync(request).AsTask();
                break;
            case FinishFrame finish when _requests.TryGetValue(finish.RequestId, out var request):
                _requests.TryRemove(finish.RequestId, out _);
                tokens.Add(finish.Finish);
                request.OnFinish(finish.Finish);
                CloseWhenRetiredAndIdle();
                break;
        }

        // Anything else is the end of a completion that nobody waits for any more.
        return ValueTask.CompletedTask;
    }

    public ValueTask OnClosedAsync(DataPlaneConnection connection, Exception? reason)
    {
        OnLost(Address.Pipeline, Address.Epoch, Address.Endpoint, _requests.Count, reason?.Message ?? "closed here");
        Closed(this);
        var finish = new GenerationFinish(FinishReason.Error, 0, 0, new(
            GenerationErrorCode.StageLost, $"The head of pipeline {Address.Pipeline} was lost.", options.RetryAfterMilliseconds));
        foreach (var id in _requests.Keys)
        {
            if (_requests.TryRemove(id, out var request))
                request.OnFinish(finish);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _connection?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void CloseWhenRetiredAndIdle()
    {
        if (_isRetired && _requests.IsEmpty)
            _ = DisposeAsync().AsTask();
    }

    private async ValueTask CancelAsync(long id)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(options.CancelTimeoutMilliseconds), time);
        try
        {
            await _connection!.SendAsync(new CancelFrame(id), timeout.Token);
        }
        catch (DataPlaneClosedException)
        {
            // The head is gone, and the completion with it.
        }
        catch (OperationCanceledException)
        {
            OnCancelStuck(Address.Pipeline, Address.Endpoint, options.CancelTimeoutMilliseconds);
            await DisposeAsync();
        }

        CloseWhenRetiredAndIdle();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to the head of {Pipeline}, epoch {Epoch}, at {Endpoint}")]
    private partial void OnConnected(string pipeline, long epoch, string endpoint);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "The connection to the head of {Pipeline}, epoch {Epoch}, at {Endpoint} is gone with {Requests} completions: {Reason}")]
    private partial void OnLost(string pipeline, long epoch, string endpoint, int requests, string reason);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The head of {Pipeline} at {Endpoint} took no Cancel within {Timeout} ms; closing the connection")]
    private partial void OnCancelStuck(string pipeline, string endpoint, int timeout);
}
