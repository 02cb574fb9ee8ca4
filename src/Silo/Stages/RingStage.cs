using System.Collections.Concurrent;
using System.Net;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Frames;
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
    private readonly Lock gate = new();
    private readonly CancellationTokenSource ending = new();
    private readonly ConcurrentDictionary<DataPlaneConnection, GenerationSession> sessions = new();
    private readonly ILogger logger = services.Logs.CreateLogger<RingStage>();
    private DataPlaneConnection? previous;
    private DataPlaneConnection? tokens;
    private DataPlaneConnection? next;
    private StageLink? link;
    private StageRuntime? runtime;
    private GenerationHead? head;
    private volatile string? fault;
    private bool isEnding;

    /// <summary>Why the place in the ring is lost.</summary>
    public string? Fault => fault;

    public bool IsLinked => Volatile.Read(ref runtime) is not null;

    /// <summary>The engine itself failed, so it is not to be used in another epoch.</summary>
    public bool IsEngineSuspect { get; private set; }

    public int BusySlots => Volatile.Read(ref head)?.BusySlots ?? 0;

    public int QueuedRequests => Volatile.Read(ref head)?.QueuedRequests ?? 0;

    private bool IsLast => assignment.Stage == assignment.StageCount - 1;

    /// <exception cref="ShardUnavailableException">The neighbour cannot be reached or refuses.</exception>
    public async Task LinkAsync(StageLink wanted, CancellationToken cancellation)
    {
        ThrowIfFaulted();
        if (link is not null)
        {
            if (link != wanted)
                throw new ShardUnavailableException($"{Name} is linked otherwise already; another link needs another epoch.");
            return;
        }
        var connection = await ConnectOnwardAsync(wanted, cancellation);
        lock (gate)
        {
            if (!isEnding && fault is null)
            {
                Start(wanted, connection);
                return;
            }
        }
        if (connection is not null)
            await connection.DisposeAsync();
        throw new ShardUnavailableException(fault ?? $"{Name} was planned anew while it was linked.");
    }

    /// <exception cref="ShardUnavailableException">Not the head, not linked, or the token did not come back.</exception>
    public Task ProveAsync(CancellationToken cancellation)
    {
        ThrowIfFaulted();
        if (head is null)
            throw new ShardUnavailableException($"{Name} is not linked yet.");
        if (assignment.StageCount > 1 && tokens is null)
            throw new ShardUnavailableException($"The last stage has not connected to {Name} yet.");
        return head.ProveAsync(cancellation);
    }

    /// <exception cref="DataPlaneRefusedException">The connection does not fit this place.</exception>
    public IFrameHandler Accept(HelloFrame hello, DataPlaneConnection connection)
    {
        lock (gate)
        {
            if (isEnding || fault is not null)
                throw new DataPlaneRefusedException(fault ?? $"{Name} is being planned anew.");
            return hello.Role switch
            {
                ConnectionRole.Ring => AcceptRing(hello, connection),
                ConnectionRole.Tokens => AcceptTokens(hello, connection),
                _ => AcceptGateway(connection),
            };
        }
    }

    /// <summary>Lets running requests go on for a bounded time, and no new one in.</summary>
    public Task DrainAsync(TimeSpan limit, CancellationToken cancellation) => head?.DrainAsync(limit, cancellation) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (isEnding)
                return;
            isEnding = true;
        }
        await ending.CancelAsync();
        if (head is not null)
            await head.DisposeAsync();
        await Task.WhenAll(sessions.Values.Select(session => session.CloseAsync(TimeSpan.FromSeconds(services.Stages.CloseSeconds))));
        if (runtime is not null)
            await runtime.DisposeAsync();
        await CloseRingAsync();
        ending.Dispose();
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
        var handler = new StageConnectionHandler(null, reason => Lose($"{peer} {reason}"));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, ending.Token);
        try
        {
            return await services.Connector.ConnectAsync(endpoint, HelloTo(endpoint), handler, either.Token);
        }
        catch (Exception exception) when (exception is DataPlaneRefusedException or DataPlaneUnreachableException or DataPlaneClosedException)
        {
            throw new ShardUnavailableException($"{Name} cannot be linked to {peer}: {exception.Message}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ShardUnavailableException($"{Name} was planned anew while it was linked.");
        }
    }

    private HelloFrame HelloTo(string endpoint) => new()
    {
        Role = IsLast ? ConnectionRole.Tokens : ConnectionRole.Ring,
        Pipeline = assignment.Pipeline,
        Epoch = assignment.Epoch,
        Stage = assignment.Stage,
        ElementType = IsOnThisMachine(endpoint) ? ElementType.F32 : ElementType.F16,
        HiddenSize = IsLast ? 0 : engine.Shape.HiddenSize,
        SlotCount = assignment.SlotCount,
        PositionCount = assignment.CellCount,
    };

    private static bool IsOnThisMachine(string endpoint) => IPEndPoint.TryParse(endpoint, out var address)
        ? IPAddress.IsLoopback(address.Address)
        : endpoint.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase);

    private void Start(StageLink wanted, DataPlaneConnection? connection)
    {
        link = wanted;
        next = connection;
        var logs = services.Logs;
        runtime = new StageRuntime(assignment, engine, SendOnwardAsync, LoseStage, services.Stages, logs.CreateLogger<StageRuntime>());
        if (assignment.Stage == 0)
        {
            head = new GenerationHead(
                assignment, tokenizer!, runtime.Input, Lose, services.Heads, services.Time, logs.CreateLogger<GenerationHead>());
        }
        LogLinked(assignment.Pipeline, assignment.Stage, assignment.Epoch, connection?.Remote ?? "itself");
    }

    private ValueTask SendOnwardAsync(Frame frame, CancellationToken cancellation)
    {
        if (next is not null)
            return next.SendAsync(frame, cancellation);
        // The only stage is the head's own. The engine reuses the memory of its tokens.
        head!.Answer(frame is TokensFrame answer ? answer with { Tokens = answer.Tokens.ToArray() } : frame);
        return ValueTask.CompletedTask;
    }

    private StageConnectionHandler AcceptRing(HelloFrame hello, DataPlaneConnection connection)
    {
        if (hello.HiddenSize != engine.Shape.HiddenSize)
            throw new DataPlaneRefusedException($"{Name} has a hidden size of {engine.Shape.HiddenSize}, not {hello.HiddenSize}.");
        RefuseOtherCounts(hello);
        if (previous is not null)
            throw new DataPlaneRefusedException($"{Name} is connected with stage {hello.Stage} already.");
        previous = connection;
        return new StageConnectionHandler(TakeAsync, reason => Lose($"stage {hello.Stage} {reason}"));
    }

    private StageConnectionHandler AcceptTokens(HelloFrame hello, DataPlaneConnection connection)
    {
        if (hello.Stage != assignment.StageCount - 1 || assignment.StageCount == 1)
            throw new DataPlaneRefusedException($"The last stage of {assignment.Pipeline} is {assignment.StageCount - 1}, not {hello.Stage}.");
        RefuseOtherCounts(hello);
        if (tokens is not null)
            throw new DataPlaneRefusedException($"{Name} is connected with the last stage already.");
        tokens = connection;
        return new StageConnectionHandler(AnswerAsync, reason => Lose($"stage {hello.Stage} {reason}"));
    }

    private GenerationSession AcceptGateway(DataPlaneConnection connection)
    {
        if (head is null)
            throw new DataPlaneRefusedException($"{Name} is not linked yet.");
        var session = new GenerationSession(head, services.Heads, connection, services.Time, services.Logs.CreateLogger<GenerationSession>());
        sessions[connection] = session;
        _ = connection.Completion.ContinueWith(_ => sessions.TryRemove(connection, out var _), TaskScheduler.Default);
        return session;
    }

    private void RefuseOtherCounts(HelloFrame hello)
    {
        if (hello.SlotCount != assignment.SlotCount || hello.PositionCount != assignment.CellCount)
        {
            throw new DataPlaneRefusedException(
                $"{Name} has {assignment.SlotCount} slots and {assignment.CellCount} cells, not {hello.SlotCount} and {hello.PositionCount}.");
        }
    }

    private ValueTask TakeAsync(Frame frame, CancellationToken cancellation) => Volatile.Read(ref runtime) is { } target
        ? target.Input.WriteAsync(new FrameWork(frame), cancellation)
        : throw new DataPlaneProtocolException($"{Name} is not linked onward yet.");

    private ValueTask AnswerAsync(Frame frame, CancellationToken cancellation)
    {
        if (frame is not (TokensFrame or FaultFrame) || Volatile.Read(ref head) is not { } target)
            throw new DataPlaneProtocolException($"{Name} expects no {frame.Type} frame.");
        target.Answer(frame);
        return ValueTask.CompletedTask;
    }

    private void Lose(string reason) => LoseStage(reason, isEngineFault: false);

    /// <summary>The ring is broken here: the head fails what runs, and the neighbours learn of it by the closed connections.</summary>
    private void LoseStage(string reason, bool isEngineFault)
    {
        lock (gate)
        {
            if (isEnding || fault is not null)
                return;
            fault = reason;
            IsEngineSuspect = isEngineFault;
        }
        LogLost(assignment.Pipeline, assignment.Stage, assignment.Epoch, reason);
        head?.Lose(reason);
        _ = Task.Run(CloseRingAsync);
    }

    private async Task CloseRingAsync()
    {
        foreach (var connection in new[] { next, previous, tokens })
        {
            if (connection is not null)
                await connection.DisposeAsync();
        }
    }

    private void ThrowIfFaulted()
    {
        if (fault is not null)
            throw new ShardUnavailableException($"{Name} lost its ring: {fault}");
    }

    [LoggerMessage(31, LogLevel.Information, "Stage {Stage} of {Pipeline} is linked to {Remote} in epoch {Epoch}.")]
    private partial void LogLinked(string pipeline, int stage, long epoch, string remote);

    [LoggerMessage(32, LogLevel.Warning, "Stage {Stage} of {Pipeline} lost its ring in epoch {Epoch}: {Reason}")]
    private partial void LogLost(string pipeline, int stage, long epoch, string reason);
}
