using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OrleansInference.DataPlane.Connections;

namespace OrleansInference.DataPlane.Tests.Fakes;

/// <summary>TLS 1.3 with one certificate that both sides own and expect of the other.</summary>
internal sealed class TlsSecurity : IConnectionSecurity, IDisposable
{
    private readonly X509Certificate2 _own;
    private readonly X509Certificate2 _expected;

    public TlsSecurity(X509Certificate2 own, X509Certificate2 expected) => (_own, _expected) = (own, expected);

    public bool IsEncrypted => true;

    public int Handshakes { get; private set; }

    public static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=data-plane", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
    }

    public async ValueTask<Stream> SecureClientAsync(Stream stream, string host, CancellationToken cancellation)
    {
        var tls = new SslStream(stream);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = host, ClientCertificates = [_own], EnabledSslProtocols = SslProtocols.Tls13,
                RemoteCertificateValidationCallback = IsExpected,
            },
            cancellation);
        Handshakes++;
        return tls;
    }

    public async ValueTask<Stream> SecureServerAsync(Stream stream, CancellationToken cancellation)
    {
        var tls = new SslStream(stream);
        await tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = _own, ClientCertificateRequired = true, EnabledSslProtocols = SslProtocols.Tls13,
                RemoteCertificateValidationCallback = IsExpected,
            },
            cancellation);
        return tls;
    }

    public void Dispose()
    {
        _own.Dispose();
        _expected.Dispose();
    }

    private bool IsExpected(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate is not null && certificate.GetRawCertData().AsSpan().SequenceEqual(_expected.RawData);
}
