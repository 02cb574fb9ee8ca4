using System.Text;
using OrleansInference.Tool.Supervision;

namespace OrleansInference.Tool.Tests.Supervision;

public sealed class LogFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Append_WhenFull_KeepsTheFileBeforeAndStaysWithinTheBound()
    {
        using var log = new LogFile(_folder["a.log"], maximumBytes: 1_000);

        for (var line = 0; line < 1_000; line++)
            log.Append(Encoding.UTF8.GetBytes($"line {line}\n"));

        Directory.GetFiles(_folder.FullPath).Order().ShouldBe([_folder["a.1.log"], _folder["a.log"]]);
        new FileInfo(_folder["a.log"]).Length.ShouldBeLessThanOrEqualTo(1_000);
        new FileInfo(_folder["a.1.log"]).Length.ShouldBeLessThanOrEqualTo(1_000);
        log.Tail(0, 2).ShouldBe(["line 998", "line 999"]);
    }

    [Fact]
    public void Append_WhenOneWriteIsLongerThanTheBound_CutsIt()
    {
        using var log = new LogFile(_folder["a.log"], maximumBytes: 100);

        log.Append(new byte[5_000]);

        new FileInfo(_folder["a.log"]).Length.ShouldBe(100);
    }

    [Fact]
    public void Tail_WhenAskedFromAPosition_LeavesOutWhatWasThereBefore()
    {
        File.WriteAllText(_folder["a.log"], "an earlier run\n");
        using var log = new LogFile(_folder["a.log"]);
        var start = log.Position;

        log.Append("this run\n"u8);

        log.Tail(start, 10).ShouldBe(["this run"]);
        log.Tail(0, 10).ShouldBe(["an earlier run", "this run"]);
    }

    [Fact]
    public void Append_WhenTheFileWasRemoved_StartsANewOneAndRemembersTheLastLines()
    {
        using var log = new LogFile(_folder["logs/a.log"]);
        log.Append("before\n"u8);
        Directory.Delete(_folder["logs"], recursive: true);
        log.Tail(0, 2).ShouldBe(["before"]);

        log.Append("after\n"u8);

        log.Tail(0, 2).ShouldBe(["before", "after"]);
        File.ReadAllText(_folder["logs/a.log"]).ShouldBe("after\n");
    }

    [Fact]
    public void Append_WhenTheDiskTakesNothing_SaysSoOnceAndRemembersTheLastLines()
    {
        var reports = new List<string>();
        using var log = new LogFile(_folder["logs/a.log"], report: reports.Add);
        Directory.Delete(_folder["logs"], recursive: true);
        File.WriteAllText(_folder["logs"], "no folder any more");

        log.Append("one\n"u8);
        log.Append("two\n"u8);

        log.Tail(0, 2).ShouldBe(["one", "two"]);
        reports.ShouldHaveSingleItem().ShouldStartWith($"{_folder["logs/a.log"]} cannot be written and lacks lines from now on: ");
    }
}
