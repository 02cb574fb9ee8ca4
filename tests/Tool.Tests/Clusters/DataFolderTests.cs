using OrleansInference.Tool.Clusters;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Tests.Clusters;

public sealed class DataFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_WhenItIsInUse_NamesTheFolderAndTheProcess()
    {
        using var first = DataFolder.Open(_folder["data"]);

        var error = Should.Throw<UserErrorException>(() => DataFolder.Open(_folder["data"]));

        error.Message.ShouldContain(_folder["data"]);
        error.Message.ShouldContain($"process {Environment.ProcessId}");
    }

    [Fact]
    public void Open_WhenTheOneBeforeIsClosed_Succeeds()
    {
        DataFolder.Open(_folder["data"]).Dispose();

        using var second = DataFolder.Open(_folder["data"]);

        second.Logs.ShouldBe(_folder["data/logs"]);
    }

    [Fact]
    public void Open_WhenItCannotBeWritten_SaysWhyAndNotThatAClusterRuns()
    {
        DataFolder.Open(_folder["data"]).Dispose();
        // As a cluster leaves it that was killed; a folder of the name is as good as a disk without room.
        Directory.CreateDirectory(_folder["data/up.pid"]);

        var error = Should.Throw<UserErrorException>(() => DataFolder.Open(_folder["data"]));

        error.Message.ShouldStartWith($"--data {_folder["data"]} cannot be written: ");
        Directory.Delete(_folder["data/up.pid"]);
        DataFolder.Open(_folder["data"]).Dispose();
    }
}
