namespace OrleansInference.DataPlane.Connections;

/// <summary>The connection is gone. The message says why; the inner exception is the cause, if there was one.</summary>
public sealed class DataPlaneClosedException : Exception
{
    public DataPlaneClosedException(string message, Exception? inner = null) : base(message, inner)
    {
    }

    internal DataPlaneClosedException(string message, bool isOrderly) : base(message) => IsOrderly = isOrderly;

    /// <summary>Whether the remote ended the connection between two frames, as it does on purpose and when its process is killed.</summary>
    public bool IsOrderly { get; }
}
