using System.Collections.Concurrent;
using System.Threading.Channels;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Silo.Generation;

/// <summary>A gateway's connection to a head: its requests in, their deltas out. A gateway that does not read delays only its own requests.</summary>
internal sealed partial class GenerationSession : IFrameHandler
{
    private readonly GenerationHead head;
    private readonly HeadOptions options;
    private readonly DataPlaneConnection connection;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ConcurrentDictionary<long, Completion> completions = new();
    private readonly Channel<Completion> ready = Channel.CreateUnbounded<Completion>();
    private readonly Task sending;

    public GenerationSession(GenerationHead head, HeadOptions options, DataPlaneConnection connection, TimeProvider time, ILogger logger)
    {
        this.head = head;
        this.options = options;
        this.connection = connection;
        this.time = time;
        this.logger = logger;
        sending = Task.Run(SendAsync);
    }

    public async ValueTask OnFrameAsync(Frame frame, DataPlaneConnection connection, CancellationToken cancellation)
    {
        switch (frame)
        {
            case GenerateFrame generate:
                await BeginAsync(generate, cancellation);
                break;
            case CancelFrame cancel when completions.TryGetValue(cancel.RequestId, out var completion):
                head.Cancel(completion);
                break;
        }
    }

    public ValueTask OnClosedAsync(DataPlaneConnection connection, Exception? reason)
    {
        ready.Writer.TryComplete();
        foreach (var completion in completions.Values)
            head.Cancel(completion);
        return ValueTask.CompletedTask;
    }

    /// <summary>Sends what the ended completions still have to say, for a bounded time, and closes the connection.</summary>
    public async Task CloseAsync(TimeSpan limit)
    {
        ready.Writer.TryComplete();
        await Task.WhenAny(sending, Task.Delay(limit, time));
        await connection.DisposeAsync();
    }

    private async ValueTask BeginAsync(GenerateFrame generate, CancellationToken cancellation)
    {
        var completion = new Completion(generate.RequestId, generate.Request, options.OutboxTokens, Offer);
        if (!completions.TryAdd(generate.RequestId, completion))
            throw new DataPlaneProtocolException($"Request {generate.RequestId} is still running on this connection; a request's number must be new.");
        // Requests that ended but whose end the gateway does not read count too: they bound what a stuck connection may hold.
        if ((completions.Count > head.LiveLimit ? head.QueueFull() : head.Submit(completion)) is not { } refusal)
            return;
        completions.TryRemove(generate.RequestId, out _);
        var finish = new GenerationFinish(FinishReason.Error, 0, 0, refusal);
        await connection.SendAsync(new FinishFrame(generate.RequestId, finish), cancellation);
    }

    /// <summary>Queues a completion that has something to send; each is in the queue at most once, which bounds it.</summary>
    private void Offer(Completion completion)
    {
        if (completion.Outbox.TryMarkOffered())
            ready.Writer.TryWrite(completion);
    }

    private async Task SendAsync()
    {
        try
        {
            await foreach (var completion in ready.Reader.ReadAllAsync())
                await SendAsync(completion);
        }
        catch (DataPlaneClosedException)
        {
            // OnClosedAsync cancels what is left.
        }
        catch (Exception exception)
        {
            LogSendingFailed(exception, connection.Remote);
            await connection.DisposeAsync();
        }
    }

    private async ValueTask SendAsync(Completion completion)
    {
        var (delta, finish) = completion.Outbox.Take();
        if (completion.Sequence is { IsPaused: true })
            head.Resume();
        if (delta is not null)
            await connection.SendAsync(new DeltaFrame(completion.RequestId, delta));
        if (finish is null)
            return;
        completions.TryRemove(completion.RequestId, out _);
        await connection.SendAsync(new FinishFrame(completion.RequestId, finish));
    }

    [LoggerMessage(11, LogLevel.Error, "Deltas could not be sent to the gateway at {Remote}; its connection is closed.")]
    private partial void LogSendingFailed(Exception exception, string remote);
}
