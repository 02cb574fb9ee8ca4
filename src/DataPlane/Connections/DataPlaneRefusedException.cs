namespace OrleansInference.DataPlane.Connections;

/// <summary>
/// A listener refuses a connection: thrown by <see cref="IDataPlaneAcceptor"/> to refuse, and by the connector that was refused.
/// </summary>
public sealed class DataPlaneRefusedException : Exception
{
    /// <param name="reason">Told to the other side; what was wrong and what would be right.</param>
    public DataPlaneRefusedException(string reason) : base(reason) => Reason = reason;

    internal DataPlaneRefusedException(string endpoint, string reason)
        : base($"{endpoint} refused the connection: {reason}") => Reason = reason;

    public string Reason { get; }
}
