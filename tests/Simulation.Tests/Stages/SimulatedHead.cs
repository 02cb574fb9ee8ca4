using OrleansInference.Simulation.Tests.DataPlane;

namespace OrleansInference.Simulation.Tests.Stages;

/// <summary>Takes requests for a proven ring: as many at once as it has slots, and as many more in line as its queue is long.</summary>
internal sealed class SimulatedHead(SimulatedRing ring, Defects defects)
{
    private readonly Dictionary<long, Running> _active = [];
    private readonly Queue<Running> _waiting = new();
    private string? _lost;
    private int _taken;
    private long _lastSequence;

    public int BusySlots => _active.Count;

    public int QueuedRequests => _waiting.Count;

    public void Accept(DataLink link)
    {
        link.To.OnFrame = frame => Take(new Running(link, (GenerateFrame)frame));
        link.To.OnClosed = _ => Drop(link);
    }

    public void OnToken(TokenFrame frame)
    {
        if (!_active.TryGetValue(frame.Sequence, out var running) || frame.Position != running.Produced)
            return;
        running.Link.Reply(new DeltaFrame(frame.Position, frame.Token));
        if (defects.RepeatsTokens && frame.Position % 5 == 4)
            running.Link.Reply(new DeltaFrame(frame.Position, frame.Token));
        running.Produced++;
        if (running.Produced < running.Request.MaximumTokens)
        {
            ring.Enter(new RowsFrame(frame.Sequence, running.Request.Seed, running.Produced, Rows: 1, WantsToken: true));
            return;
        }
        _active.Remove(frame.Sequence);
        running.Link.Reply(new FinishFrame(null, MayRetry: false));
        StartNext();
    }

    /// <summary>The ring is gone: every request ends with an error.</summary>
    public void FailAll(string reason)
    {
        _lost = reason;
        foreach (var running in _active.Values.Concat(_waiting))
            running.Link.Reply(new FinishFrame($"stage lost: {reason}", MayRetry: true));
        _active.Clear();
        _waiting.Clear();
    }

    private void Take(Running running)
    {
        var assignment = ring.Assignment;
        if (_lost is not null)
        {
            running.Link.Reply(new FinishFrame($"stage lost: {_lost}", MayRetry: true));
            return;
        }
        ring.NoteRequest(running.Link.Hello.Epoch);
        if (defects.ForgetsRequests && ++_taken % 7 == 0)
            return;
        if (running.Request.PromptTokens + running.Request.MaximumTokens > assignment.ContextLength)
            running.Link.Reply(new FinishFrame($"context overflow: {assignment.ContextLength} positions", MayRetry: false));
        else if (_active.Count < assignment.SlotCount)
            Start(running);
        else if (_waiting.Count < ring.QueueLength)
            _waiting.Enqueue(running);
        else
            running.Link.Reply(new FinishFrame("queue full", MayRetry: false));
    }

    private void Start(Running running)
    {
        var request = running.Request;
        // Not the request's own: a gateway that tries again may be here before the end of its first connection is.
        var sequence = ++_lastSequence;
        _active.Add(sequence, running);
        for (var done = 0; done < request.PromptTokens; done += request.ChunkRows)
        {
            var rows = Math.Min(request.ChunkRows, request.PromptTokens - done);
            ring.Enter(new RowsFrame(sequence, request.Seed, 0, rows, WantsToken: done + rows == request.PromptTokens));
        }
    }

    private void StartNext()
    {
        while (_waiting.TryDequeue(out var next))
        {
            if (!next.Link.IsOpen)
                continue;
            Start(next);
            return;
        }
    }

    private void Drop(DataLink link)
    {
        foreach (var (sequence, running) in _active)
        {
            if (running.Link != link)
                continue;
            _active.Remove(sequence);
            StartNext();
            return;
        }
    }

    private sealed record Running(DataLink Link, GenerateFrame Request)
    {
        public int Produced { get; set; }
    }
}
