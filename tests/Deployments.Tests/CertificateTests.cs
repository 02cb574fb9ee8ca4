namespace OrleansInference.Deployments.Tests;

/// <summary>scripts/certificates, with openssl as the judge.</summary>
public sealed class CertificateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public CertificateTests() => Command.Run("openssl", ["version"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Certificates_InAnEmptyFolder_MakesAnAuthorityThatSignedTheCertificate()
    {
        var (code, output, errors) = Make("pi5-kitchen.lan", "192.0.2.15", "fd00::15");

        code.ShouldBe(0, errors);
        output.ShouldContain("ca.crt, tls.crt and tls.key");
        Verify("pi5-kitchen.lan").ShouldBeTrue();
        Verify("localhost").ShouldBeTrue();
        Verify("elsewhere.lan").ShouldBeFalse();
        Names().ShouldBe(["ca.crt", "ca.key", "tls.crt", "tls.key"]);
        File.GetUnixFileMode(_folder["tls/ca.key"]).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void Certificates_WhereTheAuthorityIsKept_SignsANewCertificateWithIt()
    {
        Make("pi5-kitchen.lan").Code.ShouldBe(0);
        var (authority, key, certificate) = (Read("ca.crt"), Read("ca.key"), Read("tls.crt"));

        var (code, output, errors) = Make("jetson-shed.lan");

        code.ShouldBe(0, errors);
        output.ShouldContain("signed by the authority that was there");
        (Read("ca.crt"), Read("ca.key")).ShouldBe((authority, key));
        Read("tls.crt").ShouldNotBe(certificate);
        Verify("jetson-shed.lan").ShouldBeTrue();
        Verify("pi5-kitchen.lan").ShouldBeFalse();
        Names().ShouldBe(["ca.crt", "ca.key", "tls.crt", "tls.key"]);
    }

    [Fact]
    public void Certificates_OfTwoAuthorities_AreVerifiedByAFileOfBoth()
    {
        Make().Code.ShouldBe(0);
        var (first, subject, certificate) = (Read("ca.crt"), Subject(), Read("tls.crt"));
        Directory.Delete(_folder["tls"], recursive: true);
        Make().Code.ShouldBe(0);
        Subject().ShouldNotBe(subject);
        File.WriteAllText(_folder["tls/ca.crt"], first + Read("ca.crt"));

        Verify("localhost").ShouldBeTrue();
        File.WriteAllText(_folder["tls/tls.crt"], certificate);
        Verify("localhost").ShouldBeTrue();
    }

    [Theory]
    [InlineData("ca.key")]
    [InlineData("ca.crt")]
    public void Certificates_WhereHalfOfTheAuthorityIsMissing_SaysSoAndTouchesNothing(string missing)
    {
        Make().Code.ShouldBe(0);
        File.Delete(_folder["tls/" + missing]);
        var certificate = Read("tls.crt");

        var (code, _, errors) = Make();

        code.ShouldBe(1);
        errors.ShouldContain($"but not the {missing} that belongs to it. Copy {missing} to");
        Read("tls.crt").ShouldBe(certificate);
        File.Exists(_folder["tls/" + missing]).ShouldBeFalse();
    }

    [Fact]
    public void Certificates_WhereTheKeyIsOfAnotherAuthority_ShowsWhatOpensslSaysAndTouchesNothing()
    {
        Make().Code.ShouldBe(0);
        Command.Run("openssl", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", _folder["tls/ca.key"]]).Code.ShouldBe(0);
        var certificate = Read("tls.crt");

        var (code, _, errors) = Make();

        code.ShouldBe(1);
        errors.ShouldContain("do not match");
        errors.ShouldContain("is as it was");
        Read("tls.crt").ShouldBe(certificate);
        Names().ShouldBe(["ca.crt", "ca.key", "tls.crt", "tls.key"]);
    }

    [Theory]
    [InlineData("bad,name")]
    [InlineData("pi5-kitchen.lan:5100")]
    [InlineData("192.0.2.15:5100")]
    [InlineData("192.0.2.300")]
    [InlineData("https://pi5-kitchen.lan")]
    [InlineData("-pi5")]
    [InlineData("pi5..lan")]
    [InlineData("")]
    public void Certificates_WhenANameIsMalformed_NamesItAndLeavesNothing(string name)
    {
        var (code, _, errors) = Make("pi5-kitchen.lan", name);

        code.ShouldBe(1);
        errors.ShouldContain($"'{name}' is no host name or IP address");
        Directory.Exists(_folder["tls"]).ShouldBeFalse();
    }

    [Fact]
    public void Certificates_WhenOpensslRefusesAName_ShowsWhyAndLeavesNothing()
    {
        var (code, _, errors) = Make("fd00::1::2");

        code.ShouldBe(1);
        errors.ShouldContain("bad ip address");
        Directory.Exists(_folder["tls"]).ShouldBeFalse();
    }

    private (int Code, string Output, string Errors) Make(params string[] names) =>
        Command.Run("/bin/bash", ["scripts/certificates", _folder["tls"], .. names]);

    private bool Verify(string host) => Command.Run(
        "openssl", ["verify", "-CAfile", _folder["tls/ca.crt"], "-verify_hostname", host, _folder["tls/tls.crt"]]).Code == 0;

    private string Subject() => Command.Run("openssl", ["x509", "-in", _folder["tls/ca.crt"], "-noout", "-subject"]).Output;

    private string Read(string name) => File.ReadAllText(_folder["tls/" + name]);

    private string[] Names() => [.. Directory.EnumerateFileSystemEntries(_folder["tls"]).Select(Path.GetFileName).Order(StringComparer.Ordinal)!];
}
