using OrleansInference.Models.Gguf;
using OrleansInference.Models.Store;
using OrleansInference.Models.Tests.Fixtures;

namespace OrleansInference.Models.Tests.Store;

public sealed class ModelStoreTests : IDisposable
{
    private static readonly ImportOptions Options = new() { Name = "pebble" };

    private readonly TestFolder _folder = new();
    private readonly ModelStore _store;
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public ModelStoreTests() => _store = new ModelStore(_folder.At("store"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ImportAsync_WhenPebble_StoresAllOfIt()
    {
        var manifest = await _store.ImportAsync(
            Pebble.Path, Options with { Licence = "MIT", Provenance = "made here" }, cancellation: _cancellation);

        _store.List().ShouldBe(["pebble@1"]);
        manifest.Layers.Length.ShouldBe(Pebble.LayerCount);
        manifest.Licence.ShouldBe("MIT");
        manifest.Provenance.ShouldBe("made here");
        manifest.Shared.ShouldBeNull();
        using var file = GgufFile.Open(Pebble.Path);
        foreach (var (_, blob) in manifest.NamedBlobs)
        {
            var bytes = await File.ReadAllBytesAsync(_store.PathOf(blob), _cancellation);
            foreach (var tensor in blob.Tensors)
            {
                var stored = bytes.AsSpan((int)tensor.Offset, (int)tensor.Bytes);
                stored.SequenceEqual(TestModel.Bytes(file, tensor.Name)).ShouldBeTrue(tensor.Name);
            }
        }

        manifest.NamedBlobs.SelectMany(named => named.Blob.Tensors).Select(tensor => tensor.Name)
            .ShouldBe(file.Tensors.Select(tensor => tensor.Name), ignoreOrder: true);
        (await _store.VerifyAsync("pebble", cancellation: _cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task ImportAsync_WhenPebble_StoresItsKeysAsAFileWithoutTensors()
    {
        var manifest = await _store.ImportAsync(Pebble.Path, Options, cancellation: _cancellation);

        using var original = GgufFile.Open(Pebble.Path);
        using var metadata = GgufFile.Open(_store.PathOf(manifest.Metadata));
        metadata.Metadata.Keys.ShouldBe(original.Metadata.Keys);
        metadata.Metadata.GetArray("tokenizer.ggml.tokens").Strings()
            .ShouldBe(original.Metadata.GetArray("tokenizer.ggml.tokens").Strings());
        metadata.Tensors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Load_WhenImported_GivesTheSameManifest()
    {
        var manifest = await _store.ImportAsync(Pebble.Path, Options, cancellation: _cancellation);

        foreach (var loaded in new[] { _store.Load("pebble"), new ModelStore(_store.Root).Load("pebble@1") })
        {
            loaded.Hyperparameters.ShouldBe(manifest.Hyperparameters);
            loaded.Blobs.Select(blob => blob.Sha256).ShouldBe(manifest.Blobs.Select(blob => blob.Sha256));
            loaded.Layers[3].Tensors.Select(tensor => tensor.Name).ShouldBe(manifest.Layers[3].Tensors.Select(tensor => tensor.Name));
        }
    }

    [Fact]
    public async Task ImportAsync_WhenImportedBefore_ChangesNothing()
    {
        await _store.ImportAsync(Pebble.Path, Options, cancellation: _cancellation);
        var before = Snapshot();

        await _store.ImportAsync(Pebble.Path, Options, new Failing(), _cancellation);

        Snapshot().ShouldBe(before);
    }

    [Fact]
    public async Task ImportAsync_WhenABlobIsGone_MakesItAgain()
    {
        var manifest = await _store.ImportAsync(Pebble.Path, Options, cancellation: _cancellation);
        File.Delete(_store.PathOf(manifest.Layers[2]));

        await _store.ImportAsync(Pebble.Path, Options, cancellation: _cancellation);

        (await _store.VerifyAsync("pebble", cancellation: _cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task ImportAsync_WhenSecondVersionIsTheSameModel_SharesBlobs()
    {
        var first = await _store.ImportAsync(Pebble.Path, Options, cancellation: _cancellation);
        var second = await _store.ImportAsync(Pebble.Path, Options with { Version = "2" }, cancellation: _cancellation);

        second.Blobs.ShouldBe(first.Blobs, new BlobComparer());
        Directory.GetFiles(Path.Combine(_store.Root, "blobs", "sha256")).Length.ShouldBe(first.Blobs.Count());
        _store.List().ShouldBe(["pebble@1", "pebble@2"]);
        Should.Throw<ModelNotFoundException>(() => _store.Load("pebble")).Message.ShouldContain("pebble@1, pebble@2");
        _store.Load("pebble@2").Version.ShouldBe("2");
    }

    [Fact]
    public async Task ImportAsync_WhenFileChanged_ReplacesTheManifest()
    {
        var path = TestModel.Write(_folder, TestModel.Small);
        var first = await _store.ImportAsync(path, Options, cancellation: _cancellation);
        TestModel.Write(_folder, TestModel.Small, seed: 2);
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddYears(50));

        var second = await _store.ImportAsync(path, Options, cancellation: _cancellation);

        second.Embedding.Sha256.ShouldNotBe(first.Embedding.Sha256);
        _store.Load("pebble").Embedding.Sha256.ShouldBe(second.Embedding.Sha256);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.4)]
    [InlineData(0.95)]
    public async Task ImportAsync_WhenCancelledMidway_LeavesNothing(double share)
    {
        using var source = new CancellationTokenSource();
        var progress = new Synchronous<ImportProgress>(now =>
        {
            if (now.DoneBytes >= share * now.TotalBytes)
                source.Cancel();
        });

        await Should.ThrowAsync<OperationCanceledException>(() => _store.ImportAsync(Pebble.Path, Options, progress, source.Token));

        _store.List().ShouldBeEmpty();
        Files().ShouldBe([".lock"]);
    }

    [Fact]
    public async Task ImportAsync_WhenReportingFails_LeavesNothing()
    {
        await Should.ThrowAsync<NotSupportedException>(() => _store.ImportAsync(Pebble.Path, Options, new Failing(), _cancellation));

        Files().ShouldBe([".lock"]);
    }

    [Fact]
    public async Task ImportAsync_WhenModelIsRefused_LeavesNothing()
    {
        var broken = TestModel.Rewrite(Pebble.Path, _folder.At("odd.gguf"), writer => writer.SetString("general.architecture", "bert"));

        var fault = await Should.ThrowAsync<ModelFormatException>(() => _store.ImportAsync(broken, Options, cancellation: _cancellation));

        fault.Message.ShouldContain("'bert'");
        Directory.Exists(_store.Root).ShouldBeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("../escape")]
    [InlineData("a/b")]
    [InlineData(".hidden")]
    [InlineData("a@b")]
    [InlineData("line\n")]
    public async Task ImportAsync_WhenNameOrVersionIsNotAllowed_SaysWhatIs(string text)
    {
        foreach (var options in new[] { Options with { Name = text }, Options with { Version = text } })
        {
            var fault = await Should.ThrowAsync<ArgumentException>(
                () => _store.ImportAsync(Pebble.Path, options, cancellation: _cancellation));
            fault.Message.ShouldContain("letters, digits");
        }
    }

    [Fact]
    public async Task ImportAsync_WhenSeveralAtOnce_AllSucceed()
    {
        var others = Enumerable.Range(0, 4).Select(index =>
            new ModelStore(_store.Root).ImportAsync(Pebble.Path, Options with { Version = $"{index % 2}" }, cancellation: _cancellation));

        await Task.WhenAll(others);

        _store.List().ShouldBe(["pebble@0", "pebble@1"]);
        (await _store.VerifyAsync("pebble@1", cancellation: _cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task ImportAsync_WhenModelIsSplit_GivesTheSameBlobs()
    {
        var whole = await _store.ImportAsync(Pebble.Path, Options, cancellation: _cancellation);
        using (var file = GgufFile.Open(Pebble.Path))
        {
            for (var part = 0; part < 2; part++)
                WritePart(file, part);
        }

        var split = await _store.ImportAsync(
            _folder.At("p-00002-of-00002.gguf"), Options with { Version = "split" }, cancellation: _cancellation);

        split.Blobs.ShouldBe(whole.Blobs, new BlobComparer());
    }

    [Theory]
    [InlineData("embedding")]
    [InlineData("layer 5")]
    [InlineData("tail")]
    [InlineData("metadata")]
    public async Task VerifyAsync_WhenABlobIsDamaged_NamesIt(string what)
    {
        var manifest = await _store.ImportAsync(Pebble.Path, Options, cancellation: _cancellation);
        var blob = manifest.NamedBlobs.Single(named => named.What == what).Blob;
        using (var stream = File.OpenWrite(_store.PathOf(blob)))
        {
            stream.Position = blob.Bytes / 2;
            stream.WriteByte(0xA5);
            stream.WriteByte(0x5A);
        }

        var fault = (await _store.VerifyAsync("pebble", cancellation: _cancellation)).ShouldHaveSingleItem();

        fault.What.ShouldBe(what);
        fault.Sha256.ShouldBe(blob.Sha256);
        fault.Problem.ShouldContain("damaged");
        await _store.ImportAsync(Pebble.Path, Options, cancellation: _cancellation);
        (await _store.VerifyAsync("pebble", cancellation: _cancellation)).ShouldBeEmpty("importing again repairs it");
    }

    [Fact]
    public async Task VerifyAsync_WhenBlobsAreMissingOrCut_NamesEach()
    {
        var manifest = await _store.ImportAsync(Pebble.Path, Options, cancellation: _cancellation);
        File.Delete(_store.PathOf(manifest.Layers[0]));
        using (var stream = File.OpenWrite(_store.PathOf(manifest.Layers[7])))
            stream.SetLength(100);

        var faults = await _store.VerifyAsync("pebble", cancellation: _cancellation);

        faults.Select(fault => fault.What).ShouldBe(["layer 0", "layer 7"]);
        faults[0].Problem.ShouldContain("missing");
        faults[1].Problem.ShouldContain("100 bytes");
    }

    [Fact]
    public async Task Load_WhenModelIsUnknown_ListsWhatThereIs()
    {
        Should.Throw<ModelNotFoundException>(() => _store.Load("pebble")).Message.ShouldContain("none");
        await _store.ImportAsync(Pebble.Path, Options, cancellation: _cancellation);

        Should.Throw<ModelNotFoundException>(() => _store.Load("boulder")).Message.ShouldContain("pebble@1");
        Should.Throw<ModelNotFoundException>(() => _store.Load("pebble@2")).Message.ShouldContain("pebble@1");
        Should.Throw<ModelNotFoundException>(() => _store.Load("../../etc"));
        Should.Throw<ModelNotFoundException>(() => _store.Load("pebble@.."));
    }

    private void WritePart(GgufFile file, int part)
    {
        var writer = new GgufWriter();
        foreach (var key in file.Metadata.Keys.Where(_ => part == 0))
            writer.CopyKey(file.Metadata, key);
        writer.SetUInt16("split.no", (ushort)part);
        writer.SetUInt16("split.count", 2);
        writer.SetInt32("split.tensors.count", file.Tensors.Length);
        foreach (var tensor in part == 0 ? file.Tensors[..30] : file.Tensors[30..])
            writer.AddTensor(tensor.Name, tensor.Type, tensor.Dimensions, GgufTensorContent.Copy(Pebble.Path, tensor.FileOffset));
        using var stream = File.Create(_folder.At($"p-{part + 1:d5}-of-00002.gguf"));
        writer.WriteTo(stream);
    }

    private string[] Files() =>
    [
        .. Directory.GetFiles(_store.Root, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(_store.Root, path))
            .Order(StringComparer.Ordinal),
    ];

    private string[] Snapshot() => [.. Files().Select(file => $"{file} {File.GetLastWriteTimeUtc(Path.Combine(_store.Root, file)).Ticks}")];

    private sealed class Failing : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => throw new NotSupportedException("nothing should be written");
    }

    private sealed class BlobComparer : IEqualityComparer<ModelBlob>
    {
        public bool Equals(ModelBlob? x, ModelBlob? y) => x?.Sha256 == y?.Sha256 && x?.Bytes == y?.Bytes;

        public int GetHashCode(ModelBlob obj) => obj.Sha256.GetHashCode(StringComparison.Ordinal);
    }
}
