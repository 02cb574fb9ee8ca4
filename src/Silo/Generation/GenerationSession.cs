using System.Collections.Concurrent;
using System.Threading.Channels;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Silo.Generation;

/// <summary>
/// A gateway's connection to a head: its requests in, their deltas out. A gateway that does not read delays only its own requests.
/// </summary>
internal sealed partial class GenerationSession : IFrameHandler
{
    private readonly GenerationHead _head;
    private readonly HeadOptions _options;
    private readonly DataPlaneConnection _connection;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action _onClosed;
    private readonly ConcurrentDictionary<long, Completion> _completions = new();
    private readonly Channel<Completion> _ready =
        Channel.CreateUnbounded<Completion>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _sending;

    public GenerationSession(
        GenerationHead head, HeadOptions options, DataPlaneConnection connection, Action onClosed, TimeProvider time, ILogger logger)
    {
        _head = head;
        _options = options;
        _connection = connection;
        _onClosed = onClosed;
        _time = time;
        _logger = logger;
        _sending = Task.Run(SendAsync);
    }

    public async ValueTask OnFrameAsync(Frame frame, DataPlaneConnection connection, CancellationToken cancellation)
    {
        switch (frame)
        {
            case GenerateFrame generate:
                await BeginAsync(generate, cancellation);
                break;
            case CancelFrame cancel when _completions.TryGetValue(cancel.RequestId, out var completion):
                _head.Cancel(completion);
                break;
        }
    }

    public ValueTask OnClosedAsync(DataPlaneConnection connection, Exception? reason)
    {
        _ready.Writer.TryComplete();
        foreach (var completion in _completions.Values)
            _head.Cancel(completion);
        _onClosed();
        return ValueTask.CompletedTask;
    }

    /// <summary>Sends what the ended completions still have to say, for a bounded time, and closes the connection.</summary>
    public async Task CloseAsync(TimeSpan limit)
    {
        _ready.Writer.TryComplete();
        await Task.WhenAny(_sending, Task.Delay(limit, _time));
        await _connection.DisposeAsync();
    }

    private async ValueTask BeginAsync(GenerateFrame generate, CancellationToken cancellation)
    {
        var completion = new Completion(generate.RequestId, generate.Request, _options.OutboxTokens, Offer);
        if (!_completions.TryAdd(generate.RequestId, completion))
        {
            throw new DataPlaneProtocolException(
                $"Request {generate.RequestId} is still running on this connection; a request's number must be new.");
        }
        // Requests that ended but whose end the gateway does not read count too: they bound what a stuck connection may hold.
        if ((_completions.Count > _head.LiveLimit ? _head.QueueFull() : _head.Submit(completion)) is not { } refusal)
            return;
        _completions.TryRemove(generate.RequestId, out _);
        var finish = new GenerationFinish(FinishReason.Error, 0, 0, refusal);
        await _connection.SendAsync(new FinishFrame(generate.RequestId, finish), cancellation);
    }

    /// <summary>Queues a completion that has something to send; each is in the queue at most once, which bounds it.</summary>
    private void Offer(Completion completion)
    {
        if (completion.Outbox.TryMarkOffered())
            _ready.Writer.TryWrite(completion);
    }

    private async Task SendAsync()
    {
        try
        {
            while (await _ready.Reader.WaitToReadAsync())
            {
                while (_ready.Reader.TryRead(out var completion))
                {
                    var (delta, finish) = completion.Outbox.Take();
                    if (completion.Sequence is { IsPaused: true })
                        _head.Resume();
                    if (delta is not null)
                        await _connection.SendAsync(delta, isMoreComing: true);
                    if (finish is null)
                        continue;
                    _completions.TryRemove(completion.RequestId, out _);
                    await _connection.SendAsync(new FinishFrame(completion.RequestId, finish), isMoreComing: true);
                }
                // What the completions of one batch have to say goes out together.
                _connection.Flush();
            }
        }
        catch (DataPlaneClosedException)
        {
            // OnClosedAsync cancels what is left.
        }
        catch (Exception exception)
        {
            LogSendingFailed(exception, _connection.Remote);
            await _connection.DisposeAsync();
        }
    }

    [LoggerMessage(11, LogLevel.Error, "Deltas could not be sent to the gateway at {Remote}; its connection is closed.")]
    private partial void LogSendingFailed(Exception exception, string remote);
}
