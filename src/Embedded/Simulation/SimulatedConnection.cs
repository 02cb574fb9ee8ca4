using OrleansInference.Embedded.Transport;

namespace OrleansInference.Embedded.Simulation;

/// <summary>One direction between two silos.</summary>
internal sealed class SimulatedConnection(SimulatedNetwork network, SimulatedTransport from, SimulatedTransport to)
{
    private long _lastArrival;
    private bool _takesRequests = true;

    public SimulatedTransport From => from;

    public SimulatedTransport To => to;

    public bool IsOpen { get; private set; } = true;

    public bool Touches(SimulatedProcess process) => from.Process == process || to.Process == process;

    public void Send(FrameKind kind, ReadOnlyMemory<byte> body)
    {
        if (kind == FrameKind.Request && !_takesRequests)
            throw new ConnectFailedException($"Silo {to.Silo} is leaving and takes no more requests.");
        _takesRequests &= kind != FrameKind.LeavingSeen;
        network.Frames++;
        var frame = new FrameDelivery(this, kind, body);
        if (!network.TryHold(frame, from.Process))
            Deliver(frame);
    }

    public void Deliver(FrameDelivery frame)
    {
        _lastArrival = Math.Max(_lastArrival, network.DrawArrival());
        if (_lastArrival < to.LatestArrival)
            network.Overtaking++;
        to.LatestArrival = Math.Max(to.LatestArrival, _lastArrival);
        network.Loop.Schedule(frame, _lastArrival);
    }

    /// <summary>Ends the connection: what is on its way is lost, and both ends notice.</summary>
    public void Break()
    {
        IsOpen = false;
        from.Forget(this);
        from.NotifyLost(to.Silo, network.DrawArrival());
        to.NotifyLost(from.Silo, network.DrawArrival());
    }

    /// <summary>The sender is gone: its end is noticed after what it had sent, or instead of that.</summary>
    public long End(bool deliversRest)
    {
        IsOpen = deliversRest;
        return Math.Max(deliversRest ? _lastArrival : 0, network.DrawArrival());
    }
}

/// <summary>A frame on its way; it belongs to the process that it goes to.</summary>
internal sealed class FrameDelivery(SimulatedConnection connection, FrameKind kind, ReadOnlyMemory<byte> body)
    : SimulatedEvent(connection.To.Process)
{
    public SimulatedConnection Connection => connection;

    public override EventKind Kind => EventKind.Frame;

    public override void Run()
    {
        if (connection.IsOpen)
            connection.To.OnFrame(connection.From.Silo, kind, body);
    }
}
