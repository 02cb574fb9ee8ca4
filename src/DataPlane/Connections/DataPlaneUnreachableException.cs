namespace OrleansInference.DataPlane.Connections;

/// <summary>
/// No connection to an endpoint came about: nobody listens, no answer in time, or it may not be used. The message names it.
/// </summary>
public sealed class DataPlaneUnreachableException : Exception
{
    public DataPlaneUnreachableException(string endpoint, string problem, Exception? inner = null)
        : base($"No data-plane connection to {endpoint}: {problem}", inner) => Endpoint = endpoint;

    public string Endpoint { get; }
}
