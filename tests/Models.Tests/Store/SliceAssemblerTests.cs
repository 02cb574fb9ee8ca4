using OrleansInference.Models.Gguf;
using OrleansInference.Models.RandomModels;
using OrleansInference.Models.Store;
using OrleansInference.Models.Tests.Fixtures;

namespace OrleansInference.Models.Tests.Store;

public sealed class SliceAssemblerTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly ModelStore _store;
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public SliceAssemblerTests() => _store = new ModelStore(_folder.At("store"));

    private string SliceFolder => _folder.At("slices");

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> TinyShapes =>
    [
        .. RandomModelShape.All.Select(shape => shape.Name)
            .Where(name => name.StartsWith("tiny-", StringComparison.Ordinal))
            .Append("pebble"),
    ];

    [Theory]
    [MemberData(nameof(TinyShapes))]
    public async Task Assemble_WhenCutIn1And2And3And8_HoldsJustTheTensorsAndKeysOfItsLayers(string shape)
    {
        var path = shape == "pebble" ? Pebble.Path : TestModel.Write(_folder, RandomModelShape.Get(shape), GgmlType.Q8_0);
        var manifest = await ImportAsync(path, shape);
        using var model = GgufFile.Open(path);
        int[][] cuts = [[0, 8], [0, 4, 8], [0, 3, 5, 8], [0, 1, 2, 3, 4, 5, 6, 7, 8]];
        foreach (var (first, end) in cuts.SelectMany(cut => cut.Zip(cut.Skip(1))).Distinct())
        {
            using var slice = Slice(manifest, first, end);

            CheckTensors(slice, model, first, end);
            CheckKeys(slice, model, first, end);
        }
    }

    [Fact]
    public async Task Assemble_WhenKeysArePerLayer_CutsThem()
    {
        var path = TestModel.Rewrite(TestModel.Write(_folder, RandomModelShape.Get("tiny-gemma3")), _folder.At("arrays.gguf"), writer =>
        {
            writer.SetInt32s("gemma3.attention.head_count", [8, 8, 8, 8, 8, 8, 8, 8]);
            writer.SetBooleans("gemma3.attention.sliding_window_pattern", [true, false, true, true, false, false, true, true]);
            writer.SetUInt32("gemma3.leading_dense_block_count", 3);
        });
        var manifest = await ImportAsync(path, "arrays");

        using var slice = Slice(manifest, 2, 5);
        slice.Metadata.GetArray("gemma3.attention.head_count").Count.ShouldBe(3);
        Pattern(slice).ShouldBe([true, true, false]);
        slice.Metadata.GetInteger("gemma3.leading_dense_block_count").ShouldBe(1);

        using var full = Slice(manifest, 4, 6);
        full.Metadata.Contains("gemma3.attention.sliding_window").ShouldBeFalse();
        full.Metadata.Contains("gemma3.attention.sliding_window_pattern").ShouldBeFalse();
        full.Metadata.GetInteger("gemma3.leading_dense_block_count").ShouldBe(0);
    }

    [Fact]
    public async Task Assemble_WhenGemmaHasAPeriod_WritesThePatternOfTheWholeModel()
    {
        var manifest = await ImportAsync(TestModel.Write(_folder, RandomModelShape.Get("tiny-gemma3")), "gemma");

        using var slice = Slice(manifest, 4, 8);

        Pattern(slice).ShouldBe([true, false, true, true]);
        slice.Metadata.GetInteger("gemma3.attention.sliding_window").ShouldBe(16);
    }

    [Fact]
    public async Task Assemble_WhenThereIsACompleteFile_UsesIt()
    {
        var manifest = await ImportAsync(Pebble.Path, "pebble");
        var path = Assemble(manifest, 2, 5);
        var written = File.GetLastWriteTimeUtc(path);

        Assemble(manifest, 2, 5).ShouldBe(path);

        File.GetLastWriteTimeUtc(path).ShouldBe(written);
        Path.GetFileName(path).ShouldBe(SliceAssembler.FileName(manifest, 2, 5));
    }

    [Fact]
    public async Task Assemble_WhenTheFileThereIsCutShort_WritesItAnew()
    {
        var manifest = await ImportAsync(Pebble.Path, "pebble");
        var path = Assemble(manifest, 2, 5);
        var length = new FileInfo(path).Length;
        using (var stream = File.OpenWrite(path))
            stream.SetLength(length / 2);
        await File.WriteAllTextAsync(path + ".partial", "what a killed process left", _cancellation);

        Assemble(manifest, 2, 5).ShouldBe(path);

        new FileInfo(path).Length.ShouldBe(length);
        File.Exists(path + ".partial").ShouldBeFalse();
    }

    [Fact]
    public async Task FileName_WhenContentOrRangeDiffers_Differs()
    {
        var manifest = await ImportAsync(Pebble.Path, "pebble");
        var other = await ImportAsync(TestModel.Write(_folder, RandomModelShape.Get("tiny-llama")), "pebble", "2");

        string[] names =
        [
            SliceAssembler.FileName(manifest, 0, 4), SliceAssembler.FileName(manifest, 0, 5), SliceAssembler.FileName(manifest, 1, 4),
            SliceAssembler.FileName(other, 0, 4),
        ];
        names.Distinct().Count().ShouldBe(names.Length);
    }

    [Fact]
    public async Task ContentHash_WhenOnlyTheNameDiffers_IsTheSame()
    {
        var manifest = await ImportAsync(Pebble.Path, "pebble");
        var renamed = await ImportAsync(Pebble.Path, "stone", "2");
        var other = await ImportAsync(TestModel.Write(_folder, RandomModelShape.Get("tiny-llama")), "pebble", "2");

        SliceAssembler.ContentHash(manifest).Length.ShouldBe(64);
        SliceAssembler.ContentHash(renamed).ShouldBe(SliceAssembler.ContentHash(manifest));
        SliceAssembler.ContentHash(other).ShouldNotBe(SliceAssembler.ContentHash(manifest));
    }

    [Fact]
    public async Task Assemble_WhenManyAtOnce_AllGetTheSameSoundFile()
    {
        var manifest = await ImportAsync(TestModel.Write(_folder, RandomModelShape.Get("tiny-llama")), "tiny");

        var paths = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Assemble(manifest, 0, 8), _cancellation)));

        paths.Distinct().ShouldHaveSingleItem();
        using var slice = GgufFile.Open(paths[0]);
        slice.Metadata.GetInteger("llama.block_count").ShouldBe(8);
        Directory.GetFiles(SliceFolder, "*.partial").ShouldBeEmpty();
    }

    [Fact]
    public async Task Assemble_WhenCancelledMidway_LeavesNothingHalfWritten()
    {
        var manifest = await ImportAsync(TestModel.Write(_folder, RandomModelShape.Get("tiny-llama")), "tiny");
        using var source = new CancellationTokenSource();
        var progress = new Synchronous<double>(share =>
        {
            if (share > 0.5)
                source.Cancel();
        });

        Should.Throw<OperationCanceledException>(
            () => new SliceAssembler(_store).Assemble(manifest, 0, 8, SliceFolder, progress, source.Token));

        Directory.GetFiles(SliceFolder).Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Assemble_WhenTheLockCannotBeOpened_SaysSoAtOnce()
    {
        var manifest = await ImportAsync(Pebble.Path, "pebble");
        var path = Path.Combine(SliceFolder, SliceAssembler.FileName(manifest, 0, 8) + ".lock");
        Directory.CreateDirectory(SliceFolder);
        File.CreateSymbolicLink(path, path);
        // Ends the wait that there must not be; it is for half an hour.
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));

        Should.Throw<IOException>(() => new SliceAssembler(_store).Assemble(manifest, 0, 8, SliceFolder, null, patience.Token))
            .Message.ShouldContain(path);
    }

    [Fact]
    public async Task Assemble_WhenABlobIsMissingOrCut_NamesIt()
    {
        var manifest = await ImportAsync(Pebble.Path, "pebble");
        File.Delete(_store.PathOf(manifest.Layers[3]));
        using (var stream = File.OpenWrite(_store.PathOf(manifest.Layers[6])))
            stream.SetLength(10);

        Should.Throw<ModelFormatException>(() => Assemble(manifest, 2, 4)).Message.ShouldContain("layer 3 is missing");
        Should.Throw<ModelFormatException>(() => Assemble(manifest, 5, 8)).Message.ShouldContain("layer 6 has 10 bytes");
        Should.NotThrow(() => Assemble(manifest, 0, 3));
    }

    [Theory]
    [InlineData(-1, 3)]
    [InlineData(3, 3)]
    [InlineData(4, 3)]
    [InlineData(0, 9)]
    public async Task Assemble_WhenRangeIsImpossible_Throws(int first, int end)
    {
        var manifest = await ImportAsync(Pebble.Path, "pebble");

        Should.Throw<ArgumentOutOfRangeException>(() => Assemble(manifest, first, end));
    }

    [Fact]
    public async Task Assemble_WhenManifestIsOfAnotherModelThanItsMetadata_Refuses()
    {
        var manifest = await ImportAsync(Pebble.Path, "pebble");
        var other = await ImportAsync(TestModel.Write(_folder, TestModel.Small), "small");

        Should.Throw<ModelFormatException>(() => Assemble(manifest with { Metadata = other.Metadata }, 0, 4))
            .Subject.ShouldBe("llama.block_count");
    }

    private static void CheckTensors(GgufFile slice, GgufFile model, int first, int end)
    {
        var expected = new Dictionary<string, string?>();
        foreach (var name in model.Tensors.Select(tensor => tensor.Name))
        {
            if (name.StartsWith("rope_", StringComparison.Ordinal))
                expected[name] = name;
            for (var layer = first; layer < end; layer++)
            {
                if (name.StartsWith($"blk.{layer}.", StringComparison.Ordinal))
                    expected[name.Replace($"blk.{layer}.", $"blk.{layer - first}.", StringComparison.Ordinal)] = name;
            }
        }

        var isLast = end == 8;
        expected["token_embd.weight"] = !isLast ? null : model.FindTensor("output.weight") is null ? "token_embd.weight" : "output.weight";
        expected["output_norm.weight"] = isLast ? "output_norm.weight" : null;
        slice.Tensors.Select(tensor => tensor.Name).ShouldBe(expected.Keys, ignoreOrder: true);
        foreach (var (name, source) in expected)
        {
            if (source is not null)
                TestModel.ShouldHoldTheSame(slice, name, model, source);
        }

        if (isLast)
            return;
        var hidden = model.FindTensor("token_embd.weight")!.Dimensions[0];
        slice.FindTensor("token_embd.weight")!.Dimensions.ShouldBe([hidden, 1]);
        TestModel.Bytes(slice, "token_embd.weight").ContainsAnyExcept((byte)0).ShouldBeFalse();
        slice.Read(slice.FindTensor("output_norm.weight")!, 0, 4).ToArray().ShouldBe(BitConverter.GetBytes(1f));
    }

    private static void CheckKeys(GgufFile slice, GgufFile model, int first, int end)
    {
        var architecture = model.Metadata.GetString("general.architecture");
        slice.Metadata.GetInteger($"{architecture}.block_count").ShouldBe(end - first);
        var tokenizer = model.Metadata.Keys
            .Where(key => key.StartsWith("tokenizer.", StringComparison.Ordinal) && key != "tokenizer.ggml.model");
        foreach (var key in tokenizer)
            slice.Metadata.Contains(key).ShouldBe(end == 8, key);
        slice.Metadata.GetString("tokenizer.ggml.model").ShouldBe(end == 8 ? model.Metadata.GetString("tokenizer.ggml.model") : "no_vocab");
        slice.Metadata.GetInteger($"{architecture}.context_length").ShouldBe(model.Metadata.GetInteger($"{architecture}.context_length"));
        if (end < 8)
            slice.Metadata.GetInteger($"{architecture}.vocab_size").ShouldBe(1);
    }

    private static bool[] Pattern(GgufFile slice)
    {
        var array = slice.Metadata.GetArray("gemma3.attention.sliding_window_pattern");
        array.ElementType.ShouldBe(GgufValueType.Boolean);
        return [.. Enumerable.Range(0, array.Count).Select(index => array.GetInteger(index) == 1)];
    }

    private Task<ModelManifest> ImportAsync(string path, string name, string version = "1") =>
        _store.ImportAsync(path, new ImportOptions { Name = name, Version = version }, cancellation: _cancellation);

    private string Assemble(ModelManifest manifest, int first, int end)
    {
        using var slice = new SliceAssembler(_store).Assemble(manifest, first, end, SliceFolder, cancellation: _cancellation);
        return slice.Path;
    }

    private GgufFile Slice(ModelManifest manifest, int first, int end) => GgufFile.Open(Assemble(manifest, first, end));
}
