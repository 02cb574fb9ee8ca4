using OrleansInference.Silo.Devices;

namespace OrleansInference.Silo.Tests.Devices;

public sealed class UsableProcessorsTests : IDisposable
{
    private const string Version2 = "41 31 0:38 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup rw\n";

    /// <summary>With v2 beside it, to which no controller was given.</summary>
    private const string Version1 =
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n" +
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n" +
        "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n" +
        "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

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
        Write("proc/self/mountinfo", Version2);
        Write("proc/self/cgroup", "0::/\n");
        Write("sys/fs/cgroup/cpu.max", limit + "\n");

        UsableProcessors.Read(_root, processorCount).ShouldBe(expected);
    }

    [Fact]
    public void Read_WhenAGroupFurtherOutIsTighter_TakesItsQuota()
    {
        Write("proc/self/mountinfo", Version2);
        Write("proc/self/cgroup", "0::/kube/pod/container\n");
        Write("sys/fs/cgroup/kube/pod/container/cpu.max", "max 100000\n");
        Write("sys/fs/cgroup/kube/pod/cpu.max", "350000 100000\n");

        UsableProcessors.Read(_root, processorCount: 8).ShouldBe(3);
    }

    [Theory]
    [InlineData("-1", 4)]
    [InlineData("250000", 2)]
    [InlineData("50000", 1)]
    public void Read_WhenTheQuotaIsOfCgroupVersion1_CountsItsWholeProcessors(string quota, int expected)
    {
        Write("proc/self/mountinfo", Version1);
        Write("proc/self/cgroup", "9:memory:/elsewhere\n4:cpu,cpuacct:/docker/abc\n0::/\n");
        Write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", quota + "\n");
        Write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");

        UsableProcessors.Read(_root, processorCount: 4).ShouldBe(expected);
    }

    /// <summary>A container may see only its own part of the tree, though its group is named by the path from the whole tree's root.</summary>
    [Theory]
    [InlineData("/docker/abc", "/docker/abc", "")]
    [InlineData("/docker/abc", "/docker/abc/inner", "/inner")]
    [InlineData("/docker/abc", "/docker/abcdef", "")]
    [InlineData("/", "/../outside", "")]
    public void Read_WhenTheTreeIsMountedFromAGroupOn_FindsTheGroupBelowTheMount(string mounted, string own, string folder)
    {
        Write("proc/self/mountinfo", $"41 31 0:38 {mounted} /sys/fs/cgroup rw,relatime - cgroup2 cgroup rw\n");
        Write("proc/self/cgroup", $"0::{own}\n");
        Write($"sys/fs/cgroup{folder}/cpu.max", "200000 100000\n");

        UsableProcessors.Read(_root, processorCount: 8).ShouldBe(2);
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
