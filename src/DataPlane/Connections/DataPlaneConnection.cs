using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using OrleansInference.DataPlane.Codec;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Connections;

/// <summary>One connection of the data plane, alike on both sides.</summary>
public sealed partial class DataPlaneConnection : IAsyncDisposable
{
    private readonly TransportLink _link;
    private readonly Pulse _pulse;
    private readonly ILogger _logger;
    private readonly FrameSender _sender;
    private readonly FrameReceiver _receiver;
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _sent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private Ending? _ending;
    private bool _closed;
    private long _roundTripTicks;

    internal DataPlaneConnection(
        HelloFrame hello, string remote, TransportLink link, FrameCodec codec, Pulse pulse, ILogger logger)
    {
        (Hello, Remote, _link, _pulse, _logger) = (hello, remote, link, pulse, logger);
        _sender = new FrameSender(link.Output, codec, pulse.Options);
        _receiver = new FrameReceiver(link.Input, codec, pulse.Options);
        // Nobody need await Completion: its reason also goes to the handler.
        _ = _gone.Task.ContinueWith(static gone => gone.Exception, TaskScheduler.Default);
    }

    /// <summary>What the connection was opened with, on either side.</summary>
    public HelloFrame Hello { get; }

    /// <summary>The other side's address, for logs.</summary>
    public string Remote { get; }

    /// <summary>Whether what the remote says is read: not while the receive queue is full. For tests.</summary>
    internal bool IsListening => _receiver.IsListening;

    /// <summary>The latest time that a Ping took to be answered; null before the first, which follows the first idle spell.</summary>
    public TimeSpan? RoundTrip => Interlocked.Read(ref _roundTripTicks) is > 0 and var ticks ? TimeSpan.FromTicks(ticks) : null;

    /// <summary>
    /// Ends when the connection is gone: successfully when this side disposed it, else faulted with the
    /// <see cref="DataPlaneClosedException"/> that says why.
    /// </summary>
    public Task Completion => _gone.Task;

    /// <summary>
    /// Sends a frame. Its memory is read before this method returns, even when the task it returns is not complete: it waits while the
    /// send queue is full. Frames sent one after another arrive in that order. A cancelled send is not sent at all.
    /// </summary>
    /// <exception cref="ArgumentException">The frame breaks a bound, or does not belong on a connection of this role.</exception>
    /// <exception cref="DataPlaneClosedException">The connection is gone.</exception>
    public ValueTask SendAsync(Frame frame, CancellationToken cancellation = default) =>
        _sender.SendAsync(frame, isMoreComing: false, cancellation);

    /// <summary>
    /// As <see cref="SendAsync(Frame, CancellationToken)"/>, for a caller that sends several at once, so that they go out together.
    /// </summary>
    /// <param name="isMoreComing">Whether the frame may wait for the next one. It may wait until <see cref="Flush"/> is called.</param>
    public ValueTask SendAsync(Frame frame, bool isMoreComing, CancellationToken cancellation = default) =>
        _sender.SendAsync(frame, isMoreComing, cancellation);

    /// <summary>Lets what waits for a next frame wait no longer.</summary>
    public void Flush() => _sender.Flush();

    /// <summary>Sends what is queued, for a bounded time, then closes. Never waits for the handler, and may be called by it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (TryEnd(null))
        {
            _sender.Complete(CreateClosedException);
            try
            {
                await _sent.Task.WaitAsync(_pulse.Options.CloseTimeout, _pulse.Time);
            }
            catch (TimeoutException)
            {
                LogUnsent(Remote, _pulse.Options.CloseTimeoutMilliseconds);
            }

            Close(null);
        }

        // After an orderly end of the remote the handler may still be at work on what came before it.
        _receiver.Abort(CreateClosedException);
        _closing.Cancel();
        await _gone.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Starts to send and receive. To be called once, unless <see cref="Abandon"/> is.</summary>
    /// <param name="opening">What goes out before any frame.</param>
    /// <param name="hasReader">Whether a thread of its own reads: less stands between a frame and its handler, which it calls.</param>
    internal void Start(IFrameHandler handler, EncodedFrame? opening, bool hasReader = false)
    {
        LogOpened(Remote, Hello.Role, Hello.Pipeline, Hello.Epoch);
        // The caller may be a turn of an actor or a traced request; a connection belongs to neither.
        using (ExecutionContext.SuppressFlow())
        {
            Func<Frame, ValueTask> handle = frame => handler.OnFrameAsync(frame, this, _closing.Token);
            _ = Task.Run(() => RunAsync(handle, opening, hasReader));
            _ = Task.Run(() => HandleAsync(handler, handle));
        }
    }

    /// <summary>Ends a connection that was never started.</summary>
    internal void Abandon(Exception reason)
    {
        Close(reason);
        SetGone();
    }

    private async Task RunAsync(Func<Frame, ValueTask> handle, EncodedFrame? opening, bool hasReader)
    {
        try
        {
            using (var heartbeat = new Heartbeat(_pulse, Ping, OnSilence))
            {
                var reading = hasReader ? ReadOnThreadAsync(handle, heartbeat) : _receiver.ReadAsync(handle, OnPing, heartbeat);
                await Task.WhenAll(GuardAsync(SendAsync(opening, heartbeat)), GuardAsync(reading));
            }

            await _link.CloseAsync(graceful: _ending is { Reason: null } && await _sent.Task);
        }
        finally
        {
            SetGone();
        }
    }

    private Task ReadOnThreadAsync(Func<Frame, ValueTask> handle, Heartbeat heartbeat)
    {
        _link.BlockReader();
        return Task.Factory.StartNew(
            () => _receiver.Read(handle, OnPing, heartbeat), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private async Task SendAsync(EncodedFrame? opening, Heartbeat heartbeat)
    {
        var sentAll = false;
        try
        {
            sentAll = await _sender.RunAsync(opening, heartbeat);
        }
        finally
        {
            _sent.SetResult(sentAll);
        }
    }

    /// <summary>Whichever half ends first ends the connection, and so the other.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever ends a half is the connection's reason, which its owner is told.")]
    private async Task GuardAsync(Task half)
    {
        try
        {
            await half;
            Close(new DataPlaneClosedException("the remote stopped reading"));
        }
        catch (Exception exception) when (exception is DataPlaneProtocolException or DataPlaneClosedException)
        {
            Close(exception);
        }
        catch (Exception exception)
        {
            Close(new DataPlaneClosedException($"the connection broke: {exception.Message}", exception));
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The handler's failure is the connection's reason, which its owner is told.")]
    private async Task HandleAsync(IFrameHandler handler, Func<Frame, ValueTask> handle)
    {
        try
        {
            await _receiver.HandleAsync(handle);
        }
        catch (Exception exception)
        {
            Close(exception);
        }

        var reason = _ending!.Reason;
        LogClosed(Remote, Hello.Role, Hello.Pipeline, Hello.Epoch, reason?.Message ?? "this side closed it");
        try
        {
            await handler.OnClosedAsync(this, reason);
        }
        catch (Exception exception)
        {
            LogHandlerFailed(exception, Remote);
        }
    }

    private void Close(Exception? reason)
    {
        TryEnd(reason);
        lock (_lock)
        {
            if (_closed)
                return;
            _closed = true;
        }

        _sender.Abort(CreateClosedException);
        // What was received before an orderly end is still handled, and so must not be cancelled.
        if (_ending is { Reason: DataPlaneClosedException { IsOrderly: true } })
        {
            _receiver.Complete(CreateClosedException);
            return;
        }

        _receiver.Abort(CreateClosedException);
        _closing.Cancel();
    }

    /// <summary>Keeps the first reason.</summary>
    private bool TryEnd(Exception? reason) => Interlocked.CompareExchange(ref _ending, new Ending(reason), null) is null;

    private void SetGone()
    {
        if (_ending is { Reason: not null })
            _gone.TrySetException(CreateClosedException());
        else
            _gone.TrySetResult();
    }

    private Exception CreateClosedException()
    {
        var reason = _ending?.Reason;
        return new DataPlaneClosedException(
            $"The data-plane connection with {Remote} is closed: {reason?.Message ?? "this side closed it"}",
            reason is DataPlaneClosedException ? reason.InnerException : reason);
    }

    private void Ping() => _sender.SendPing(new PingFrame((ulong)_pulse.Time.GetTimestamp(), IsReply: false));

    private void OnPing(PingFrame ping)
    {
        // The nonce is the time of sending, so that no ping need be remembered.
        if (ping.IsReply)
            Interlocked.Exchange(ref _roundTripTicks, Math.Max(1, _pulse.Time.GetElapsedTime((long)ping.Nonce).Ticks));
        else
            _sender.SendPing(ping with { IsReply = true });
    }

    private void OnSilence(TimeSpan limit) =>
        Close(new DataPlaneClosedException($"nothing was heard of the remote for {limit.TotalMilliseconds:0} ms"));

    private sealed record Ending(Exception? Reason);
}
