using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OrleansInference.DataPlane.Security;

/// <summary>What the files of <see cref="TlsOptions"/> hold.</summary>
internal sealed class TlsCredentials : IDisposable
{
    private TlsCredentials(X509Certificate2 certificate, X509Certificate2Collection authorities)
    {
        Certificate = certificate;
        Authorities = authorities;
    }

    /// <summary>This process's own, with its key.</summary>
    public X509Certificate2 Certificate { get; }

    public X509Certificate2Collection Authorities { get; }

    /// <exception cref="InvalidDataException">A file does not hold what it should, or no peer would trust it; the message names the setting.</exception>
    public static TlsCredentials Read(TlsOptions options)
    {
        var certificate = Read(
            nameof(TlsOptions.CertificatePath), () => X509Certificate2.CreateFromPemFile(options.CertificatePath!, options.KeyPath));
        var authorities = Read(nameof(TlsOptions.AuthorityPath), () =>
        {
            var found = new X509Certificate2Collection();
            found.ImportFromPemFile(options.AuthorityPath!);
            return found.Count > 0 ? found : throw new CryptographicException($"no certificate in '{options.AuthorityPath}'");
        });

        var credentials = new TlsCredentials(certificate, authorities);
        if (credentials.FindProblem(options) is not { } problem)
            return credentials;
        credentials.Dispose();
        throw new InvalidDataException($"{TlsOptions.Section}:{problem}");
    }

    /// <summary>Trusts whom the cluster's authorities signed, and nobody else.</summary>
    // A private authority publishes no revocation list; a lost key means a new authority.
    public X509ChainPolicy CreateTrust()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(Authorities);
        return policy;
    }

    public void Dispose()
    {
        Certificate.Dispose();
        foreach (var authority in Authorities)
            authority.Dispose();
    }

    /// <summary>Why the others, who have the same authority, will not trust this process: otherwise it would be heard of from them alone.</summary>
    private string? FindProblem(TlsOptions options)
    {
        using var chain = new X509Chain { ChainPolicy = CreateTrust() };
        // A device that has just been switched on may not know what day it is yet; what is over stays over.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        if (!chain.Build(Certificate))
        {
            return $"{nameof(TlsOptions.CertificatePath)} names '{options.CertificatePath}', which no authority in "
                + $"'{options.AuthorityPath}' has signed. Take all three files from one run of scripts/certificates.";
        }

        var over = chain.ChainElements.Select(element => element.Certificate).FirstOrDefault(certificate => certificate.NotAfter < DateTime.Now);
        if (over is null)
            return null;
        var (setting, path) = over.Thumbprint == Certificate.Thumbprint
            ? (nameof(TlsOptions.CertificatePath), options.CertificatePath) : (nameof(TlsOptions.AuthorityPath), options.AuthorityPath);
        var end = over.NotAfter.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
        return $"{setting} names '{path}', which is over since {end}. Make a new one with scripts/certificates.";
    }

    private static T Read<T>(string option, Func<T> read)
    {
        try
        {
            return read();
        }
        // A key of another certificate is an ArgumentException.
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InvalidDataException($"{TlsOptions.Section}:{option} cannot be used: {exception.Message.Split(" (Parameter '")[0]}");
        }
    }
}
