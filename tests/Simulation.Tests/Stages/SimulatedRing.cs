using OrleansInference.Embedded.Simulation;
using OrleansInference.Grains.Shards;
using OrleansInference.Simulation.Tests.DataPlane;

namespace OrleansInference.Simulation.Tests.Stages;

/// <summary>A loaded stage's place in the ring for one epoch. When any connection of it is lost, the place is lost for good.</summary>
internal sealed class SimulatedRing(SimulatedStageHost host, StageAssignment assignment, long weightBytes)
{
    private static readonly TimeSpan ProofTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DefectDelay = TimeSpan.FromSeconds(30);

    private readonly List<DataLink> _links = [];
    private DataLink? _next;
    private StageLink? _link;
    private SimulatedHead? _head;
    private TaskCompletionSource? _proof;
    private bool _isEnded;

    public StageAssignment Assignment => assignment;

    public int QueueLength => host.World.Scenario.QueueLength;

    public string? Fault { get; private set; }

    public bool IsLinked => _link is not null;

    public SimulatedHead? Head => _head;

    private bool IsHead => assignment.Stage == 0;

    private bool IsLast => assignment.Stage == assignment.StageCount - 1;

    public async Task LinkAsync(StageLink link, CancellationToken cancellation)
    {
        ThrowIfFaulted();
        if (_link == link)
            return;
        try
        {
            if (!IsLast)
                _next = Own(await OpenAsync(LinkRole.Ring, link.NextEndpoint!, cancellation), static opened => opened.From);
            else if (!IsHead)
                _next = Own(await OpenAsync(LinkRole.Tokens, link.HeadEndpoint, cancellation), static opened => opened.From);
        }
        catch (LinkException exception)
        {
            throw new ShardUnavailableException(exception.Message);
        }
        ThrowIfFaulted();
        _link = link;
        if (host.Defects.BreaksRings)
            host.World.Cluster.Loop.Schedule(host.Process, DefectDelay, EventKind.Fault, () => Fail("broke for no reason"));
    }

    public async Task ProveAsync(CancellationToken cancellation)
    {
        ThrowIfFaulted();
        if (!IsHead || _link is null)
            throw new ShardUnavailableException($"Stage {assignment.Stage} is not linked, or is no head.");
        if (_head is null && !host.Defects.SkipsProof)
        {
            var proof = _proof ??= new TaskCompletionSource();
            Enter(new ProofFrame(0));
            await WaitAsync(proof, cancellation);
        }
        _head ??= new SimulatedHead(this, host.Defects);
    }

    /// <returns>Why the connection is refused; null when it is taken.</returns>
    public string? Accept(DataLink link)
    {
        if (Fault is not null)
            return $"the stage has a fault: {Fault}";
        if (link.Hello.Role != LinkRole.Generation)
        {
            link.To.OnFrame = frame => OnFrame(link, frame);
            Own(link, static accepted => accepted.To);
            return null;
        }
        if (_head is null)
            return "the ring is not proven";
        _links.Add(link);
        _head.Accept(link);
        return null;
    }

    /// <summary>Computes rows and passes on what comes of it.</summary>
    public void Enter(object frame)
    {
        var rows = frame is RowsFrame some ? some.Rows : 1;
        var done = host.Device.Compute(host.Loop.Now, weightBytes, rows);
        host.Loop.Schedule(host.Process, done - host.Loop.Now, EventKind.DataPlane, () => PassOn(frame));
    }

    public void NoteRequest(long epoch) => host.NoteRequest(assignment, epoch);

    /// <summary>The place is lost: neighbours notice by their connections, requests end.</summary>
    public void Fail(string reason)
    {
        if (_isEnded || Fault is not null)
            return;
        Fault = reason;
        End(reason);
    }

    public void End(string reason)
    {
        if (_isEnded)
            return;
        _isEnded = true;
        _head?.FailAll(reason);
        _proof?.TrySetException(new ShardUnavailableException($"The token did not come back: {reason}"));
        // Gateways read how their requests ended, and close by themselves.
        foreach (var link in _links.Where(link => link.Hello.Role != LinkRole.Generation).ToList())
            link.Close(reason);
    }

    private async Task WaitAsync(TaskCompletionSource proof, CancellationToken cancellation)
    {
        try
        {
            await proof.Task.WaitAsync(ProofTimeout, host.Process.Time, cancellation);
        }
        catch (TimeoutException)
        {
            throw new ShardUnavailableException($"The token did not come back within {ProofTimeout.TotalSeconds} s.");
        }
        finally
        {
            _proof = null;
        }
    }

    private Task<DataLink> OpenAsync(LinkRole role, string endpoint, CancellationToken cancellation) => host.World.DataPlane.OpenAsync(
        host.Process, endpoint, new LinkHello(role, assignment.Pipeline, assignment.Epoch, assignment.Stage), cancellation);

    private DataLink Own(DataLink link, Func<DataLink, LinkEnd> mine)
    {
        _links.Add(link);
        mine(link).OnClosed = reason => Fail($"a connection of the ring was lost: {reason}");
        if (_isEnded)
            link.Close("the stage has left the ring");
        else if (!link.IsOpen)
            Fail("a connection of the ring was lost at once");
        return link;
    }

    private void OnFrame(DataLink link, object frame)
    {
        if (_isEnded)
            return;
        host.NoteFrame(assignment, link.Hello.Epoch);
        if (link.Hello.Role == LinkRole.Ring)
            Enter(frame);
        else
            OnReturned(frame);
    }

    private void PassOn(object frame)
    {
        if (_isEnded)
            return;
        object? outcome = frame switch
        {
            ProofFrame proof => new ProofFrame(proof.Visited + 1),
            RowsFrame { WantsToken: false } when IsLast => null,
            RowsFrame rows when IsLast => new TokenFrame(rows.Sequence, rows.Position, Sampling.TokenAt(rows.Seed, rows.Position)),
            _ => frame,
        };
        if (outcome is null)
            return;
        if (IsHead && IsLast)
            OnReturned(outcome);
        else
            _next!.Send(outcome);
    }

    private void OnReturned(object frame)
    {
        if (frame is TokenFrame token)
        {
            _head?.OnToken(token);
        }
        else if (frame is ProofFrame proof && proof.Visited == assignment.StageCount)
        {
            host.World.Checker.NoteProof(assignment.Pipeline, assignment.Epoch);
            _proof?.TrySetResult();
        }
    }

    private void ThrowIfFaulted()
    {
        if (_isEnded || Fault is not null)
            throw new ShardUnavailableException($"Stage {assignment.Stage} has left the ring: {Fault}");
    }
}
