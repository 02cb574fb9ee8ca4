namespace OrleansInference.DataPlane.Connections;

/// <summary>
/// Wraps a connection's bytes on both sides, before the first frame. The default is plain TCP, which is only allowed on loopback;
/// one that encrypts and authenticates is registered in its place.
/// </summary>
public interface IConnectionSecurity
{
    /// <summary>Whether other machines may be spoken to. Without it, any address but loopback is refused.</summary>
    bool IsEncrypted { get; }

    /// <summary>Called by the side that connects.</summary>
    /// <param name="host">The host that was asked for, to check its certificate by.</param>
    ValueTask<Stream> SecureClientAsync(Stream stream, string host, CancellationToken cancellation);

    /// <summary>Called by the side that listens.</summary>
    ValueTask<Stream> SecureServerAsync(Stream stream, CancellationToken cancellation);
}
