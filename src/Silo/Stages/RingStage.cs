using System.Collections.Concurrent;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Grains.Shards;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Stages;

/// <summary>
/// A loaded stage's place in the ring for one epoch: its connections, its runtime, and on the first stage the head. When any connection of
/// the ring is lost the place is lost for good; the next epoch makes a new one.
/// </summary>
internal sealed partial class RingStage(StageAssignment assignment, IStageEngine engine, ITokenizer? tokenizer, StageServices services)
    : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<DataPlaneConnection, GenerationSession> _sessions = new();
    private readonly ILogger _logger = services.Logs.CreateLogger<RingStage>();
    private readonly FramePool _answers = new();
    private readonly RingHandshake _handshake = new(assignment, engine.Shape, services.Connector);
    private DataPlaneConnection? _previous;
    private DataPlaneConnection? _tokens;
    private DataPlaneConnection? _next;
    private StageLink? _link;
    private StageRuntime? _runtime;
    private GenerationHead? _head;
    private int? _turnProcessor;
    private volatile string? _fault;
    private bool _isEnding;

    /// <summary>Why the place in the ring is lost.</summary>
    public string? Fault => _fault;

    public bool IsLinked => Volatile.Read(ref _runtime) is not null;

    /// <summary>The engine itself failed, so it is not to be used in another epoch.</summary>
    public bool IsEngineSuspect { get; private set; }

    public int BusySlots => Volatile.Read(ref _head)?.BusySlots ?? 0;

    public int QueuedRequests => Volatile.Read(ref _head)?.QueuedRequests ?? 0;

    private bool IsLast => assignment.Stage == assignment.StageCount - 1;

    /// <exception cref="ShardUnavailableException">
    /// The neighbour cannot be reached or refuses, or the largest batch does not fit a frame.
    /// </exception>
    public async Task LinkAsync(StageLink wanted, CancellationToken cancellation)
    {
        ThrowIfFaulted();
        if (_link is not null)
        {
            if (_link != wanted)
                throw new ShardUnavailableException($"{Name} is linked otherwise already; another link needs another epoch.");
            return;
        }
        var connection = await ConnectOnwardAsync(wanted, cancellation);
        lock (_gate)
        {
            if (!_isEnding && _fault is null)
            {
                Start(wanted, connection);
                return;
            }
        }
        if (connection is not null)
            await connection.DisposeAsync();
        throw new ShardUnavailableException(_fault ?? $"{Name} was planned anew while it was linked.");
    }

    /// <exception cref="ShardUnavailableException">Not the head, not linked, or the token did not come back.</exception>
    public Task ProveAsync(CancellationToken cancellation)
    {
        ThrowIfFaulted();
        if (_head is null)
            throw new ShardUnavailableException($"{Name} is not linked yet.");
        if (assignment.StageCount > 1 && _tokens is null)
            throw new ShardUnavailableException($"The last stage has not connected to {Name} yet.");
        return _head.ProveAsync(cancellation);
    }

    /// <exception cref="DataPlaneRefusedException">The connection does not fit this place.</exception>
    public IFrameHandler Accept(HelloFrame hello, DataPlaneConnection connection)
    {
        lock (_gate)
        {
            if (_isEnding || _fault is not null)
                throw new DataPlaneRefusedException(_fault ?? $"{Name} is being planned anew.");
            return hello.Role switch
            {
                ConnectionRole.Ring => AcceptRing(hello, connection),
                ConnectionRole.Tokens => AcceptTokens(hello, connection),
                _ => AcceptGateway(connection),
            };
        }
    }

    /// <summary>Lets running requests go on for a bounded time, and no new one in.</summary>
    public Task DrainAsync(TimeSpan limit, CancellationToken cancellation) => _head?.DrainAsync(limit, cancellation) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_isEnding)
                return;
            _isEnding = true;
        }
        await _ending.CancelAsync();
        if (_head is not null)
            await _head.DisposeAsync();
        await Task.WhenAll(_sessions.Values.Select(session => session.CloseAsync(TimeSpan.FromSeconds(services.Stages.CloseSeconds))));
        if (_runtime is not null)
            await _runtime.DisposeAsync();
        await CloseRingAsync();
        _ending.Dispose();
    }

    private string Name => $"Stage {assignment.Stage} of {assignment.Pipeline}";

    private async Task<DataPlaneConnection?> ConnectOnwardAsync(StageLink wanted, CancellationToken cancellation)
    {
        if (assignment.StageCount == 1)
            return null;
        var endpoint = IsLast ? wanted.HeadEndpoint : wanted.NextEndpoint;
        if (string.IsNullOrEmpty(endpoint))
            throw new ShardUnavailableException($"The link of {Name} names no endpoint to connect to.");
        var peer = IsLast ? "the head" : $"stage {assignment.Stage + 1}";
        var hello = _handshake.HelloTo(endpoint);
        if (_handshake.BatchProblemOf(hello) is { } problem)
            throw new ShardUnavailableException($"{Name} cannot be linked to {peer}: {problem}.");
        var handler = new StageConnectionHandler(null, reason => Lose($"{peer} {reason}"));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _ending.Token);
        try
        {
            return await services.Connector.ConnectAsync(endpoint, hello, handler, either.Token);
        }
        catch (Exception exception)
            when (exception is DataPlaneRefusedException or DataPlaneUnreachableException or DataPlaneClosedException)
        {
            throw new ShardUnavailableException($"{Name} cannot be linked to {peer}: {exception.Message}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ShardUnavailableException($"{Name} was planned anew while it was linked.");
        }
    }

    private void Start(StageLink wanted, DataPlaneConnection? connection)
    {
        _link = wanted;
        _next = connection;
        var logs = services.Logs;
        _turnProcessor = ChooseTurnProcessor(connection);
        _runtime = new StageRuntime(
            assignment, engine, SendOnwardAsync, LoseStage, _turnProcessor, services.Stages, logs.CreateLogger<StageRuntime>());
        if (assignment.Stage == 0)
        {
            _head = new GenerationHead(
                assignment, tokenizer!, engine.Shape.HasSlidingWindow, _runtime.Input, Lose, services.Heads,
                services.Time, logs.CreateLogger<GenerationHead>());
        }
        LogLinked(assignment.Pipeline, assignment.Stage, assignment.Epoch, connection?.Remote ?? "itself");
    }

    /// <summary>
    /// Where stages that share this machine, with a thread each, take their turns. With more threads, or with the next stage elsewhere, none
    /// is better than another.
    /// </summary>
    private int? ChooseTurnProcessor(DataPlaneConnection? onward) =>
        services.Device.Threads == 1 && onward is not null && DataPlaneConnector.IsOnThisMachine(onward.Remote)
            ? TurnProcessor.Choose(assignment.Pipeline)
            : null;

    private ValueTask SendOnwardAsync(Frame frame, CancellationToken cancellation)
    {
        if (_next is not null)
            return _next.SendAsync(frame, cancellation);
        // The only stage is the head's own. Runtime and engine use the frame and its memory again.
        _head!.Answer(frame is TokensFrame answer ? _answers.Copy(answer) : frame);
        return ValueTask.CompletedTask;
    }

    private StageConnectionHandler AcceptRing(HelloFrame hello, DataPlaneConnection connection)
    {
        _handshake.Check(hello);
        if (_previous is not null)
            throw new DataPlaneRefusedException($"{Name} is connected with stage {hello.Stage} already.");
        _previous = connection;
        return new StageConnectionHandler(TakeAsync, reason => Lose($"stage {hello.Stage} {reason}"));
    }

    private StageConnectionHandler AcceptTokens(HelloFrame hello, DataPlaneConnection connection)
    {
        if (hello.Stage != assignment.StageCount - 1 || assignment.StageCount == 1)
        {
            throw new DataPlaneRefusedException(
                $"The last stage of {assignment.Pipeline} is {assignment.StageCount - 1}, not {hello.Stage}.");
        }
        _handshake.Check(hello);
        if (_tokens is not null)
            throw new DataPlaneRefusedException($"{Name} is connected with the last stage already.");
        _tokens = connection;
        return new StageConnectionHandler(AnswerAsync, reason => Lose($"stage {hello.Stage} {reason}"));
    }

    private GenerationSession AcceptGateway(DataPlaneConnection connection)
    {
        if (_head is null)
            throw new DataPlaneRefusedException($"{Name} is not linked yet.");
        var sessionLogger = services.Logs.CreateLogger<GenerationSession>();
        return _sessions[connection] = new GenerationSession(
            _head, services.Heads, connection, () => _sessions.TryRemove(connection, out _), services.Time, sessionLogger);
    }

    private ValueTask TakeAsync(Frame frame, CancellationToken cancellation)
    {
        if (Volatile.Read(ref _runtime) is not { } target)
            throw new DataPlaneProtocolException($"{Name} is not linked onward yet.");
        if (frame is BatchFrame batch)
            MoveReader(batch.Timing);
        return target.Input.WriteAsync(new StageWork(frame), cancellation);
    }

    private ValueTask AnswerAsync(Frame frame, CancellationToken cancellation)
    {
        if (frame is not (TokensFrame or FaultFrame) || Volatile.Read(ref _head) is not { } target)
            throw new DataPlaneProtocolException($"{Name} expects no {frame.Type} frame.");
        if (frame is TokensFrame tokens)
            MoveReader(tokens.Timing);
        target.Answer(frame);
        return ValueTask.CompletedTask;
    }

    /// <summary>The thread that reads wakes the one that computes, at once if they share a processor.</summary>
    private void MoveReader(RingTiming timing) => TurnProcessor.Move(timing.IsAlone ? _turnProcessor : null);

    private void Lose(string reason) => LoseStage(reason, isEngineFault: false);

    /// <summary>The ring is broken here: the head fails what runs, and the neighbours learn of it by the closed connections.</summary>
    private void LoseStage(string reason, bool isEngineFault)
    {
        lock (_gate)
        {
            if (_isEnding || _fault is not null)
                return;
            _fault = reason;
            IsEngineSuspect = isEngineFault;
        }
        LogLost(assignment.Pipeline, assignment.Stage, assignment.Epoch, reason);
        _head?.Lose(reason);
        _ = Task.Run(CloseRingAsync);
    }

    private async Task CloseRingAsync()
    {
        foreach (var connection in new[] { _next, _previous, _tokens })
        {
            if (connection is not null)
                await connection.DisposeAsync();
        }
    }

    private void ThrowIfFaulted()
    {
        if (_fault is not null)
            throw new ShardUnavailableException($"{Name} lost its ring: {_fault}");
    }

    [LoggerMessage(31, LogLevel.Information, "Stage {Stage} of {Pipeline} is linked to {Remote} in epoch {Epoch}.")]
    private partial void LogLinked(string pipeline, int stage, long epoch, string remote);

    [LoggerMessage(32, LogLevel.Warning, "Stage {Stage} of {Pipeline} lost its ring in epoch {Epoch}: {Reason}")]
    private partial void LogLost(string pipeline, int stage, long epoch, string reason);
}
