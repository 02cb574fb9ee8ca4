using System.Text;
using OrleansInference.Tool.Clusters;

namespace OrleansInference.Tool.Tests.Clusters;

public sealed class ClusterFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Create_WhenTheDataFolderIsDeep_IsStillShortAndPrivate()
    {
        using var data = DataFolder.Open(_folder[string.Join('/', Enumerable.Repeat("a-long-folder-name", 8))]);

        using var folder = ClusterFolder.Create(data, runtimeFolder: null);

        Encoding.UTF8.GetByteCount(folder.FullPath).ShouldBeLessThan(60);
        File.GetUnixFileMode(folder.FullPath).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public void Create_WhenTheUserHasARuntimeFolder_IsInIt()
    {
        using var data = DataFolder.Open(_folder["data"]);
        var runtime = Directory.CreateDirectory(_folder["run"]).FullName;

        using (var folder = ClusterFolder.Create(data, runtime))
            folder.FullPath.ShouldStartWith(runtime);

        Directory.GetDirectories(Path.Combine(runtime, "oinf")).ShouldBeEmpty();
    }

    [Fact]
    public void Dispose_WhenSomebodyRemovedTheFolders_HasNothingToDo()
    {
        var data = DataFolder.Open(_folder["data"]);
        var folder = ClusterFolder.Create(data, Directory.CreateDirectory(_folder["run"]).FullName);
        Directory.Delete(folder.FullPath);
        Directory.Delete(data.FullPath, recursive: true);

        Should.NotThrow(folder.Dispose);
        Should.NotThrow(data.Dispose);
    }

    [Fact]
    public void Create_WhenAnEarlierRunWasKilled_RemovesItsLeftovers()
    {
        using var data = DataFolder.Open(_folder["data"]);
        var runtime = Directory.CreateDirectory(_folder["run"]).FullName;
        string leftover;
        using (var folder = ClusterFolder.Create(data, runtime))
            leftover = folder.FullPath + "9";
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(leftover).FullName, "socket"), "");

        using (ClusterFolder.Create(data, runtime))
            Directory.Exists(leftover).ShouldBeFalse();
    }
}
