using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Connections;

namespace OrleansInference.DataPlane.Security;

/// <summary>TLS 1.3 with a certificate on both sides, each signed by the cluster's own authority.</summary>
internal sealed class TlsConnectionSecurity : IConnectionSecurity, IDisposable
{
    private readonly X509Certificate2 _certificate;
    private readonly X509Certificate2Collection _authorities = [];
    private readonly SslStreamCertificateContext _context;

    /// <exception cref="OptionsValidationException">A file does not hold what it should.</exception>
    public TlsConnectionSecurity(IOptions<TlsOptions> options)
    {
        var tls = options.Value;
        _certificate = Read(nameof(TlsOptions.CertificatePath), () => X509Certificate2.CreateFromPemFile(tls.CertificatePath!, tls.KeyPath));
        Read(nameof(TlsOptions.AuthorityPath), () =>
        {
            _authorities.ImportFromPemFile(tls.AuthorityPath!);
            return _authorities.Count > 0 ? _authorities : throw new CryptographicException($"no certificate in '{tls.AuthorityPath}'");
        });
        _context = SslStreamCertificateContext.Create(_certificate, additionalCertificates: null, offline: true);
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
                CertificateChainPolicy = Trust(),
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
                CertificateChainPolicy = Trust(),
                EnabledSslProtocols = SslProtocols.Tls13,
            },
            cancellation);
        return secured;
    }

    public void Dispose()
    {
        _certificate.Dispose();
        foreach (var authority in _authorities)
            authority.Dispose();
    }

    // A private authority publishes no revocation list; a lost key means a new authority.
    private X509ChainPolicy Trust()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(_authorities);
        return policy;
    }

    private static T Read<T>(string option, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new OptionsValidationException(
                TlsOptions.Section, typeof(TlsOptions), [$"{TlsOptions.Section}:{option} cannot be used: {exception.Message}"]);
        }
    }
}
