using OrleansInference.Embedded.Simulation;

namespace OrleansInference.Simulation.Tests.DataPlane;

/// <summary>What a connection is for; frames on it are of this pipeline and epoch.</summary>
internal sealed record LinkHello(LinkRole Role, string Pipeline, long Epoch, int Stage);

internal enum LinkRole
{
    /// <summary>From a stage to the next.</summary>
    Ring,

    /// <summary>From the last stage to the head.</summary>
    Tokens,

    /// <summary>From a gateway to the head, and answers back.</summary>
    Generation,
}

/// <summary>A connection of the data plane. Each direction keeps its order; either end notices when it is gone.</summary>
internal sealed class DataLink(SimulatedDataPlane plane, SimulatedProcess from, SimulatedProcess to, LinkHello hello)
{
    private readonly List<(LinkEnd End, object Frame)> _waiting = [];

    public LinkHello Hello => hello;

    public LinkEnd From { get; } = new(from);

    public LinkEnd To { get; } = new(to);

    public bool IsOpen { get; private set; } = true;

    public bool Touches(SimulatedProcess process) => from == process || to == process;

    public void Send(object frame) => Send(To, frame);

    public void Reply(object frame) => Send(From, frame);

    /// <summary>Ends the connection; what is on its way is lost.</summary>
    public void Close(string reason)
    {
        if (!IsOpen)
            return;
        IsOpen = false;
        plane.Forget(this);
        foreach (var end in new[] { From, To })
            plane.After(end.Process, () => end.OnClosed?.Invoke(reason));
    }

    /// <summary>The processes are not parted any more.</summary>
    public void Resume()
    {
        foreach (var (end, frame) in _waiting)
            Deliver(end, frame);
        _waiting.Clear();
    }

    private void Send(LinkEnd end, object frame)
    {
        if (!IsOpen)
            return;
        if (plane.AreParted(from, to))
            _waiting.Add((end, frame));
        else
            Deliver(end, frame);
    }

    private void Deliver(LinkEnd end, object frame)
    {
        end.LastArrival = plane.Deliver(end, () =>
        {
            if (IsOpen)
                end.OnFrame?.Invoke(frame);
        });
    }
}

/// <summary>One side of a connection.</summary>
internal sealed class LinkEnd(SimulatedProcess process)
{
    public SimulatedProcess Process => process;

    public Action<object>? OnFrame { get; set; }

    public Action<string>? OnClosed { get; set; }

    public TimeSpan LastArrival { get; set; }
}
