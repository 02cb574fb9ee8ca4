namespace OrleansInference.DataPlane.Connections;

/// <summary>Plain TCP, for one machine.</summary>
internal sealed class PlainConnectionSecurity : IConnectionSecurity
{
    public bool IsEncrypted => false;

    public ValueTask<Stream> SecureClientAsync(Stream stream, string host, CancellationToken cancellation) => new(stream);

    public ValueTask<Stream> SecureServerAsync(Stream stream, CancellationToken cancellation) => new(stream);
}
