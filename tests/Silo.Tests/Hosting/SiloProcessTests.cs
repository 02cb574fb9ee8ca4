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

    [Theory]
    [InlineData("--Cluster:Folder=", "Cluster:Folder is missing: name the folder")]
    [InlineData("--Models:Store=", "Models:Store must name the folder")]
    [InlineData("--Device:MemoryBytes=5", "MemoryBytes must be between")]
    [InlineData("--Device:MemoryBytes=much", "much")]
    [InlineData("--Device:Name=a b", "Device:Name must be")]
    [InlineData("--Natives:Folder=/nowhere", "/nowhere does not exist")]
    [InlineData("--DataPlane:Listen=nowhere", "nowhere")]
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
