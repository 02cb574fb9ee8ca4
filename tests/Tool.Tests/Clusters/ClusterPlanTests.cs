using System.Net;
using OrleansInference.Tool.Clusters;
using OrleansInference.Tool.Devices;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Tests.Clusters;

public sealed class ClusterPlanTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Create_WhenSilosAreAskedFor_TellsEachWhatItIs()
    {
        using var data = DataFolder.Open(_folder["data"]);
        var silos = SiloSpecification.ParseAll(["gpu-cloud:memory=10MB", "pi-hat:threads=3"]);
        var options = new ClusterOptions("pebble", _folder["store"], _folder["data"], IPEndPoint.Parse("127.0.0.1:8123"), silos, SlotCount: 16, ContextLength: null);

        var processes = ClusterPlan.Create(options, new HostPrograms("/bin/silo", "/bin/gateway"), data, "/tmp/c", processorCount: 4);

        processes.Select(p => (p.Name, p.Program, p.IsEssential)).ShouldBe(
            [("gateway", "/bin/gateway", true), ("gpu-cloud", "/bin/silo", false), ("pi-hat", "/bin/silo", false)]);
        processes.ShouldAllBe(p => p.Environment["Cluster__Folder"] == "/tmp/c" && p.Environment["Cluster__SiloName"] == p.Name);
        processes[0].Environment["Urls"].ShouldBe("http://127.0.0.1:8123");
        processes[0].Environment["Serve__Slots"].ShouldBe("16");
        processes[0].Environment.ContainsKey("Serve__ContextLength").ShouldBeFalse();
        processes[1].Environment["Device__MemoryBytes"].ShouldBe("10000000");
        processes[1].Environment["Device__Threads"].ShouldBe("2", "the silos share the cores");
        processes[2].Environment["Device__Threads"].ShouldBe("3");
        processes[2].Environment["Device__BandwidthGigabytesPerSecond"].ShouldBe("11.4");
    }

    [Theory]
    [InlineData(4, "Processors: 4. Compute threads: gpu-cloud 1, jetson 3, pi-hat 1.")]
    [InlineData(16, "Processors: 16. Compute threads: gpu-cloud 5, jetson 3, pi-hat 5.")]
    [InlineData(2, "Processors: 2. Compute threads: gpu-cloud 1, jetson 3, pi-hat 1.")]
    public void DescribeThreads_WhenSilosShareAMachine_SaysWhatEachGets(int processorCount, string expected)
    {
        var silos = SiloSpecification.ParseAll(["gpu-cloud", "jetson:threads=3", "pi-hat"]);
        var options = new ClusterOptions("pebble", "store", "data", IPEndPoint.Parse("127.0.0.1:8123"), silos, SlotCount: null, ContextLength: null);

        ClusterPlan.DescribeThreads(options, processorCount).ShouldBe(expected);
    }

    [Fact]
    public void Find_WhenProgramsAreNotBuilt_NamesWhereItLooked()
    {
        var error = Should.Throw<UserErrorException>(() => HostPrograms.Find(_folder["bin/Tool/release"] + "/"));

        error.Message.ShouldContain(_folder["bin/Tool/release/OrleansInference.Silo"]);
        error.Message.ShouldContain(_folder["bin/Silo/release/OrleansInference.Silo"]);
    }

    [Fact]
    public void Find_WhenProgramsLieBesideTheTool_TakesThem()
    {
        File.WriteAllText(_folder["OrleansInference.Silo"], "");
        File.WriteAllText(_folder["OrleansInference.Gateway"], "");

        HostPrograms.Find(_folder.FullPath).ShouldBe(new HostPrograms(_folder["OrleansInference.Silo"], _folder["OrleansInference.Gateway"]));
    }
}
