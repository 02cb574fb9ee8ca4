namespace OrleansInference.DataPlane.Connections;

/// <summary>The connection is gone. The message says why; the inner exception is the cause, if there was one.</summary>
public sealed class DataPlaneClosedException : Exception
{
    public DataPlaneClosedException(string message) : base(message)
    {
    }

    public DataPlaneClosedException(string message, Exception? inner) : base(message, inner)
    {
    }
}
