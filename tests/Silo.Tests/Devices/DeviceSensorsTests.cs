using Microsoft.Extensions.Options;
using OrleansInference.Silo.Devices;

namespace OrleansInference.Silo.Tests.Devices;

public sealed class DeviceSensorsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("oinf-sensors-").FullName;
    private readonly ManualTime _time = new();

    [Fact]
    public void Read_WhenTheFilesAreThere_TakesMemoryFromThem()
    {
        Write("proc/self/statm", "5000 1234 300 1 0 800 0\n");
        Write("proc/meminfo", "MemTotal:       16000000 kB\nMemAvailable:    8000000 kB\nSwapFree: 0 kB\n");

        var readings = Sensors().Read();

        readings.ResidentBytes.ShouldBe(1234L * Environment.SystemPageSize);
        readings.AvailableBytes.ShouldBe(8_000_000L * 1024);
        readings.At.ShouldBe(_time.GetUtcNow());
    }

    [Fact]
    public void Read_WhenACgroupIsTighterThanTheMachine_TakesWhatTheCgroupLeaves()
    {
        Write("proc/meminfo", "MemAvailable:    8000000 kB\n");
        Write("proc/self/mountinfo", "41 31 0:38 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup rw\n");
        Write("proc/self/cgroup", "0::/kube/pod/container\n");
        Write("sys/fs/cgroup/kube/pod/container/memory.max", "max\n");
        Write("sys/fs/cgroup/kube/pod/container/memory.current", "100\n");
        Write("sys/fs/cgroup/kube/pod/memory.max", "1000000\n");
        Write("sys/fs/cgroup/kube/pod/memory.current", "700000\n");
        Write("sys/fs/cgroup/kube/pod/memory.stat", "anon 600000\ninactive_file 50000\nactive_file 1\n");

        Sensors().Read().AvailableBytes.ShouldBe(350_000);
    }

    [Fact]
    public void Read_WhenTheCgroupIsTheRootOfAContainer_TakesItsLimit()
    {
        Write("proc/meminfo", "MemAvailable:    8000000 kB\n");
        Write("proc/self/mountinfo", "41 31 0:38 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup rw\n");
        Write("proc/self/cgroup", "0::/\n");
        Write("sys/fs/cgroup/memory.max", "5000\n");
        Write("sys/fs/cgroup/memory.current", "6000\n");

        Sensors().Read().AvailableBytes.ShouldBe(0);
    }

    [Fact]
    public void Read_WhenTheCgroupIsOfVersion1_TakesWhatItLeaves()
    {
        Write("proc/meminfo", "MemAvailable:    8000000 kB\n");
        Write("proc/self/mountinfo", "35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n");
        Write("proc/self/cgroup", "5:memory:/docker/abc\n");
        Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "1000000\n");
        Write("sys/fs/cgroup/memory/memory.usage_in_bytes", "700000\n");
        Write("sys/fs/cgroup/memory/memory.stat", "inactive_file 1\ntotal_inactive_file 50000\n");

        Sensors().Read().AvailableBytes.ShouldBe(350_000);
    }

    [Fact]
    public void Read_WhenTimePasses_MeasuresProcessorTimeSinceTheLastReading()
    {
        var sensors = Sensors();
        Write("proc/self/stat", Stat(user: 1000, system: 200));
        sensors.Read().ProcessorLoad.ShouldBe(0);
        Write("proc/self/stat", Stat(user: 1250, system: 250));
        _time.Advance(TimeSpan.FromSeconds(2));

        sensors.Read().ProcessorLoad.ShouldBe(1.5, 1e-9);
    }

    [Fact]
    public void Read_WhenTheFilesAreMissingOrBroken_FallsBackToTheRuntimesFigures()
    {
        Write("proc/self/statm", "garbage");
        Write("proc/self/stat", ")");

        var readings = Sensors().Read();

        readings.ResidentBytes.ShouldBeGreaterThan(0);
        readings.AvailableBytes.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Read_WhenAFileIsLong_FindsWhatIsFarBehind()
    {
        Write("proc/meminfo", string.Concat(Enumerable.Range(0, 300).Select(line => $"Other{line}:   1 kB\n")) + "MemAvailable:    7 kB\n");

        Sensors().Read().AvailableBytes.ShouldBe(7 * 1024);
    }

    [Fact]
    public void Read_WhenRepeated_AllocatesLittle()
    {
        const int readings = 100;
        Write("proc/self/statm", "5000 1234 300 1 0 800 0\n");
        Write("proc/meminfo", "MemTotal:       16000000 kB\nMemAvailable:    8000000 kB\n");
        Write("proc/self/stat", Stat(user: 1000, system: 200));
        var sensors = Sensors();
        sensors.Read();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var reading = 0; reading < readings; reading++)
            sensors.Read();

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(readings * 4_000);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private DeviceSensors Sensors() => new(Options.Create(new DeviceOptions { SensorRoot = _root }), _time);

    private static string Stat(int user, int system) =>
        $"4242 (silo (a b) x) S 1 4242 4242 0 -1 4194304 100 0 0 0 {user} {system} 0 0 20 0 12 0 12345 1 1 1\n";

    private void Write(string path, string text)
    {
        var full = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
