using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OrleansInference.DataPlane.Tests.Fakes;

/// <summary>An authority, and a certificate of its for 127.0.0.1, as the files that the settings name.</summary>
internal sealed class ClusterCertificates : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("oinf-tls-").FullName;

    /// <param name="daysLeft">Until the certificate, which began ten days ago, is over; its authority lasts longer.</param>
    public ClusterCertificates(string host = "127.0.0.1", int daysLeft = 1)
    {
        var (from, until) = (DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(daysLeft));
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // As scripts/certificates names them: authorities of one name could not be told apart.
        var authorityRequest = new CertificateRequest($"CN=authority {Guid.NewGuid():N}", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = authorityRequest.CreateSelfSigned(from, from.AddDays(100));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=silo", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Parse(host));
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(authority, from, until, [1, 2, 3]);

        Write("tls.crt", certificate.ExportCertificatePem());
        Write("tls.key", key.ExportPkcs8PrivateKeyPem());
        Write("ca.crt", authority.ExportCertificatePem());
    }

    public (string Key, string Value)[] Settings =>
    [
        ("Tls:CertificatePath", Path.Combine(_folder, "tls.crt")), ("Tls:KeyPath", Path.Combine(_folder, "tls.key")),
        ("Tls:AuthorityPath", Path.Combine(_folder, "ca.crt")),
    ];

    public string Authority => Read("ca.crt") + "\n";

    public string Read(string file) => File.ReadAllText(Path.Combine(_folder, file));

    public void Write(string file, string content) => File.WriteAllText(Path.Combine(_folder, file), content);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
