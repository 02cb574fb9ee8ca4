using System.Net.Security;
using System.Security.Authentication;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Connections;

namespace OrleansInference.DataPlane.Security;

/// <summary>TLS 1.3 with a certificate on both sides, each signed by the cluster's own authority.</summary>
internal sealed class TlsConnectionSecurity : IConnectionSecurity, IDisposable
{
    private readonly TlsCredentials _credentials;
    private readonly SslStreamCertificateContext _context;

    public TlsConnectionSecurity(IOptions<TlsOptions> options)
    {
        _credentials = TlsCredentials.Read(options.Value);
        _context = SslStreamCertificateContext.Create(_credentials.Certificate, additionalCertificates: null, offline: true);
    }

    public bool IsEncrypted => true;

    public async ValueTask<Stream> SecureClientAsync(Stream stream, string host, CancellationToken cancellation)
    {
        var secured = new SslStream(stream);
        await secured.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = host,
                ClientCertificateContext = _context,
                CertificateChainPolicy = _credentials.CreateTrust(),
                EnabledSslProtocols = SslProtocols.Tls13,
            },
            cancellation);
        return secured;
    }

    public async ValueTask<Stream> SecureServerAsync(Stream stream, CancellationToken cancellation)
    {
        var secured = new SslStream(stream);
        await secured.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificateContext = _context,
                ClientCertificateRequired = true,
                CertificateChainPolicy = _credentials.CreateTrust(),
                EnabledSslProtocols = SslProtocols.Tls13,
            },
            cancellation);
        return secured;
    }

    public void Dispose() => _credentials.Dispose();
}
