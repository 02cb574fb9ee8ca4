using OrleansInference.Tool.Devices;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Tests.Devices;

public sealed class SiloSpecificationTests
{
    [Fact]
    public void Parse_WhenOnlyAProfileIsGiven_TakesItsFigures()
    {
        var silo = SiloSpecification.Parse("jetson");

        (silo.Name, silo.Class.Name, silo.MemoryBytes, silo.BandwidthGigabytesPerSecond, silo.Threads, silo.Zone, silo.Accelerator)
            .ShouldBe(("jetson", "jetson", 5_200_000_000, 102, null, "local", "none"));
    }

    [Fact]
    public void Parse_WhenSettingsAreGiven_TakesThem()
    {
        var silo = SiloSpecification.Parse("pi-hat:name=pi-1,memory=1.5MB,threads=2,bandwidth=11.4,zone=lab,accelerator=vulkan");

        (silo.Name, silo.MemoryBytes, silo.Threads, silo.BandwidthGigabytesPerSecond, silo.Zone, silo.Accelerator)
            .ShouldBe(("pi-1", 1_500_000, 2, 11.4, "lab", "vulkan"));
    }

    [Theory]
    [InlineData("tpu", "no device profile 'tpu'. Profiles: gpu-cloud, jetson, pi-hat, old-pc")]
    [InlineData("jetson:memory=lots", "memory is 'lots', but must be a size such as 10MB")]
    [InlineData("jetson:memory=1MB", "memory is '1MB', but must be a size such as 10MB, 1.5GB or 512MiB, and at least 1MiB")]
    [InlineData("jetson:bandwidth=0.001", "bandwidth is '0.001', but must be a number of gigabytes per second from 0.01 to 100000")]
    [InlineData("jetson:memory=-1MB", "memory is '-1MB'")]
    [InlineData("jetson:memory=99999999999GB", "memory is '99999999999GB'")]
    [InlineData("jetson:threads=0", "threads is '0', but must be a number from 1 to 256")]
    [InlineData("jetson:name=a/b", "name is 'a/b'")]
    [InlineData("jetson:name=gateway", "other than 'gateway'")]
    [InlineData("jetson:colour=red", "no setting 'colour'. Settings: name, memory, threads, bandwidth, zone, accelerator")]
    [InlineData("jetson:memory", "memory is ''")]
    [InlineData("jetson:accelerator=", "accelerator is '', but must be a backend of llama.cpp, such as cuda or vulkan, or none")]
    public void Parse_WhenSomethingIsWrong_NamesItAndWhatWouldBeRight(string text, string expected) =>
        Should.Throw<UserErrorException>(() => SiloSpecification.Parse(text)).Message.ShouldContain(expected);

    [Fact]
    public void ParseAll_WhenSilosShareAProfile_NumbersThem() =>
        SiloSpecification.ParseAll(["jetson", "jetson", "pi-hat", "jetson"]).Select(s => s.Name).ShouldBe(["jetson", "jetson-2", "pi-hat", "jetson-3"]);

    [Fact]
    public void ParseAll_WhenTwoSilosHaveOneName_Refuses() =>
        Should.Throw<UserErrorException>(() => SiloSpecification.ParseAll(["jetson:name=a", "pi-hat:name=a"])).Message.ShouldContain("Two silos are named 'a'");
}
