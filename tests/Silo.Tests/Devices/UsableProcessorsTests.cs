using OrleansInference.Silo.Devices;

namespace OrleansInference.Silo.Tests.Devices;

public sealed class UsableProcessorsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("oinf-processors-").FullName;

    [Theory]
    [InlineData("max 100000", 4, 4)]
    [InlineData("200000 100000", 4, 2)]
    [InlineData("150000 100000", 2, 1)]
    [InlineData("50000 100000", 1, 1)]
    [InlineData("900000 100000", 4, 4)]
    [InlineData("garbage", 4, 4)]
    public void Read_WhenAQuotaIsSet_CountsItsWholeProcessors(string limit, int processorCount, int expected)
    {
        Write("proc/self/cgroup", "0::/\n");
        Write("sys/fs/cgroup/cpu.max", limit + "\n");

        UsableProcessors.Read(_root, processorCount).ShouldBe(expected);
    }

    [Fact]
    public void Read_WhenAGroupFurtherOutIsTighter_TakesItsQuota()
    {
        Write("proc/self/cgroup", "0::/kube/pod/container\n");
        Write("sys/fs/cgroup/kube/pod/container/cpu.max", "max 100000\n");
        Write("sys/fs/cgroup/kube/pod/cpu.max", "350000 100000\n");

        UsableProcessors.Read(_root, processorCount: 8).ShouldBe(3);
    }

    [Fact]
    public void Read_WhenThereAreNoGroups_TakesTheRuntimesCount() => UsableProcessors.Read(_root, processorCount: 6).ShouldBe(6);

    [Fact]
    public void Threads_WhenNotConfigured_AreNoMoreThanTheProcessors() =>
        new DeviceOptions().Threads.ShouldBeInRange(1, Environment.ProcessorCount);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private void Write(string path, string text)
    {
        var full = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
