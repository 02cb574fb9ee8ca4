using System.ComponentModel.DataAnnotations;

namespace OrleansInference.DataPlane.Security;

/// <summary>
/// Mutual TLS between machines, bound from <c>DataPlane:Tls</c>. All three files (PEM) or none: none is plain TCP, on loopback only.
/// Read when the process starts; a new certificate takes a restart.
/// </summary>
public sealed class TlsOptions : IValidatableObject
{
    public const string Section = "DataPlane:Tls";

    /// <summary>This process's certificate, for both directions (serverAuth and clientAuth), naming every host it is reached by.</summary>
    public string? CertificatePath { get; set; }

    /// <summary>The certificate's private key, unencrypted.</summary>
    public string? KeyPath { get; set; }

    /// <summary>The cluster's authority: a peer is trusted if this signed its certificate, and no other authority is.</summary>
    public string? AuthorityPath { get; set; }

    public bool IsConfigured => CertificatePath is not null || KeyPath is not null || AuthorityPath is not null;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IsConfigured)
            yield break;

        var problems = FindMissing().ToArray();
        foreach (var problem in problems)
            yield return problem;
        // Now, and not when the first peer is met: a gateway meets none before its first request.
        if (problems.Length == 0 && FindFault() is { } fault)
            yield return fault;
    }

    private IEnumerable<ValidationResult> FindMissing()
    {
        foreach (var (name, path) in new[]
            { (nameof(CertificatePath), CertificatePath), (nameof(KeyPath), KeyPath), (nameof(AuthorityPath), AuthorityPath) })
        {
            if (string.IsNullOrEmpty(path))
                yield return new($"{Section}:{name} is missing: mutual TLS takes a certificate, its key and the authority.", [name]);
            else if (!File.Exists(path))
                yield return new($"{Section}:{name} names '{path}', which is not there.", [name]);
        }
    }

    private ValidationResult? FindFault()
    {
        try
        {
            TlsCredentials.Read(this).Dispose();
            return null;
        }
        catch (InvalidDataException exception)
        {
            return new(exception.Message);
        }
    }
}
