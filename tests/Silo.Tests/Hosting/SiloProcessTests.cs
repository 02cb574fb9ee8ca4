using System.Diagnostics;
using OrleansInference.Silo.Tests.Engines;
using OrleansInference.Silo.Tests.Stages;

namespace OrleansInference.Silo.Tests.Hosting;

public sealed class SiloProcessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("oinf-silo-").FullName;

    [Fact]
    public async Task Silo_WhenItIsTerminated_StopsCleanlyInTime()
    {
        await using var silo = new SiloProcess([.. Arguments, $"--Natives:Folder={Natives.Folder}"]);
        await Eventually.AsyncIs(() => silo.Output.Any(line => line.Contains("is offered at 127.0.0.1:")), "the device is registered");
        var watch = Stopwatch.StartNew();

        await silo.TerminateAsync();

        (await silo.ExitCodeAsync()).ShouldBe(0);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
        silo.Errors.ShouldBeEmpty();
    }

    /// <summary>An operator may keep one file for all processes.</summary>
    [Fact]
    public async Task Silo_WhenTheSettingsOfAGatewayAreThere_PassesOverThem()
    {
        await using var silo = new SiloProcess([.. Arguments, $"--Natives:Folder={Natives.Folder}", "--Serve:Model=pebble", "--Gateway:Anything=1"]);
        await Eventually.AsyncIs(() => silo.Output.Any(line => line.Contains("is offered at 127.0.0.1:")), "the device is registered");
    }

    [Theory]
    [InlineData("--Cluster:Folder=", "Cluster:Folder is missing: name the folder")]
    [InlineData("--Models:Store=", "Models:Store must name the folder")]
    [InlineData("--Device:MemoryBytes=5", "start: Device:MemoryBytes must be between 1048576 and 1125899906842624.")]
    [InlineData("--Device:MemoryBytes=much", "start: Device:MemoryBytes is 'much', but must be a whole number")]
    [InlineData("--Device:BandwidthGigabytesPerSecond=1,5", "start: Device:BandwidthGigabytesPerSecond is '1,5', but must be a number, such as 1.5.")]
    [InlineData("--Device:FillsBatches=yes", "start: Device:FillsBatches is 'yes', but must be true or false.")]
    [InlineData("--Device:Class=", "start: Device:Class is missing.")]
    [InlineData("--Generation:DraftTokens=65", "start: Generation:DraftTokens must be between 0 and 64.")]
    [InlineData("--Pipelines:TickMilliseconds=1", "start: Pipelines:TickMilliseconds must be between 20 and 5000.")]
    [InlineData("--Planning:Objective=Beauty", "start: Planning:Objective is 'Beauty', but must be one of Latency, Throughput.")]
    [InlineData("--Embedded:MissedPings=1", "start: Embedded:MissedPings must be between 2 and 1000.")]
    [InlineData("--Embedded:PingPeriod=soon", "start: Embedded:PingPeriod is 'soon', but must be a time, such as 00:00:01.5.")]
    [InlineData("--Device:Name=a b", "Device:Name must be")]
    [InlineData("--Device:MemoryByte=5000000", "start: Device:MemoryByte is no setting; Device has Accelerator, BandwidthGigabytesPerSecond, Class,")]
    [InlineData("--DataPlane:Tls:KeyFile=tls.key", "start: DataPlane:Tls:KeyFile is no setting; DataPlane:Tls has AuthorityPath, CertificatePath, KeyPath.")]
    [InlineData("--Embedded:Pings=1", "start: Embedded:Pings is no setting; Embedded has ")]
    [InlineData("--Natives:Folder=/nowhere", "/nowhere does not exist")]
    [InlineData("--DataPlane:Listen=nowhere", "start: DataPlane:Listen is 'nowhere', but must be an IP address and a port")]
    [InlineData("--DataPlane:Listen=0.0.0.0:0", "only loopback is allowed")]
    public async Task Silo_WhenItCannotStart_SaysWhyInOneLine(string argument, string expected)
    {
        await using var silo = new SiloProcess([.. Arguments, argument]);

        (await silo.ExitCodeAsync()).ShouldBe(1);

        silo.Errors.ShouldHaveSingleItem().ShouldStartWith("The silo cannot start: ");
        silo.Errors.Single().ShouldContain(expected);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string[] Arguments =>
    [
        $"--Cluster:Folder={_folder}/cluster", "--Cluster:SiloName=silo", $"--Models:Store={_folder}/models", "--Device:Name=device",
    ];
}
