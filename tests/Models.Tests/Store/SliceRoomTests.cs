using OrleansInference.Models.Store;
using OrleansInference.Models.Tests.Fixtures;

namespace OrleansInference.Models.Tests.Store;

public sealed class SliceRoomTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly ModelStore _store;
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public SliceRoomTests()
    {
        _store = new ModelStore(_folder.At("store"));
        Directory.CreateDirectory(SliceFolder);
    }

    private string SliceFolder => _folder.At("slices");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Assemble_WhenTheDiskIsFull_RemovesWhatWasNotUsedForLongest()
    {
        var manifest = await ImportAsync();
        string[] paths = [Assemble(manifest, 0, 3), Assemble(manifest, 3, 6), Assemble(manifest, 4, 7)];
        Age(paths[0], days: 1);
        Age(paths[1], days: 3);
        Age(paths[2], days: 2);
        var again = Assemble(manifest, 3, 6);

        var added = Assemble(manifest, 1, 4, DiskOf(Lengths(paths) + 1));

        string[] left = [.. Directory.GetFiles(SliceFolder, "*.gguf").Order()];
        left.ShouldBe([.. ((string[])[paths[0], again, added]).Order()]);
    }

    [Fact]
    public async Task Assemble_WhenThereIsRoom_RemovesNothing()
    {
        var manifest = await ImportAsync();
        var path = Assemble(manifest, 0, 3);

        Assemble(manifest, 1, 4, DiskOf(3 * Lengths(path)));

        File.Exists(path).ShouldBeTrue();
    }

    [Fact]
    public async Task Assemble_WhenWhatFillsTheDiskIsInUseOrNoSlice_LeavesItAndSaysWhatIsMissing()
    {
        var manifest = await ImportAsync();
        using var used = new SliceAssembler(_store).Assemble(manifest, 0, 3, SliceFolder, cancellation: _cancellation);
        var other = Path.Combine(SliceFolder, "someone-elses-8-10.gguf");
        await File.WriteAllTextAsync(other, "a model", _cancellation);

        Should.Throw<IOException>(() => Assemble(manifest, 1, 4, FullDisk))
            .Message.ShouldContain($"of {SliceFolder}, which has 1000 bytes free");

        File.Exists(used.Path).ShouldBeTrue();
        File.Exists(other).ShouldBeTrue();
    }

    [Fact]
    public async Task Assemble_WhenAKilledProcessLeftAPart_RemovesIt()
    {
        var manifest = await ImportAsync();
        var part = Path.Combine(SliceFolder, SliceAssembler.FileName(manifest, 2, 5) + ".partial");
        var own = Path.Combine(SliceFolder, SliceAssembler.FileName(manifest, 1, 4) + ".partial");
        foreach (var path in (string[])[part, own])
            await File.WriteAllBytesAsync(path, new byte[1 << 20], _cancellation);

        Assemble(manifest, 1, 4, DiskOf(Lengths(part)));

        File.Exists(part).ShouldBeFalse();
        File.Exists(own).ShouldBeFalse();
    }

    [Fact]
    public async Task Assemble_WhenManyAtOnceRemoveWhatTheyCan_GivesEachASoundFile()
    {
        var manifest = await ImportAsync();
        var lengths = Enumerable.Range(0, 6).Select(first => Lengths(Assemble(manifest, first, first + 2))).ToArray();
        var assembler = new SliceAssembler(_store) { SpaceOf = _ => new(FreeBytes: 1L << 40, TotalBytes: 1L << 60) };

        await Parallel.ForAsync(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = _cancellation }, (turn, stop) =>
        {
            var first = turn % lengths.Length;
            using var slice = assembler.Assemble(manifest, first, first + 2, SliceFolder, cancellation: stop);
            Lengths(slice.Path).ShouldBe(lengths[first]);
            return ValueTask.CompletedTask;
        });

        Directory.GetFiles(SliceFolder, "*.partial").ShouldBeEmpty();
    }

    private string Assemble(ModelManifest manifest, int first, int end, Func<string, DiskSpace>? spaceOf = null)
    {
        var assembler = spaceOf is null ? new SliceAssembler(_store) : new SliceAssembler(_store) { SpaceOf = spaceOf };
        using var slice = assembler.Assemble(manifest, first, end, SliceFolder, cancellation: _cancellation);
        return slice.Path;
    }

    /// <summary>A disk with nothing else on it than the folder, and room for so much beside the share that is left to others.</summary>
    private static Func<string, DiskSpace> DiskOf(long bytes) => folder =>
    {
        var total = (long)Math.Ceiling(bytes / (1 - SliceRoom.SpareShare));
        return new(Math.Max(0, total - Lengths(Directory.GetFiles(folder))), total);
    };

    private static DiskSpace FullDisk(string folder) => new(FreeBytes: 1_000, TotalBytes: 1_000_000);

    private static long Lengths(params string[] paths) =>
        paths.Select(path => new FileInfo(path)).Where(file => file.Exists).Sum(file => file.Length);

    private static void Age(string path, int days) => File.SetLastAccessTimeUtc(path, DateTime.UtcNow.AddDays(-days));

    private Task<ModelManifest> ImportAsync() =>
        _store.ImportAsync(Pebble.Path, new ImportOptions { Name = "pebble", Version = "1" }, cancellation: _cancellation);
}
