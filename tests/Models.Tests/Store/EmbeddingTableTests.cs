using OrleansInference.Models.Gguf;
using OrleansInference.Models.RandomModels;
using OrleansInference.Models.Store;
using OrleansInference.Models.Tests.Fixtures;

namespace OrleansInference.Models.Tests.Store;

public sealed class EmbeddingTableTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly ModelStore _store;
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public EmbeddingTableTests() => _store = new ModelStore(_folder.At("store"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Row_WhenPebble_IsTheStoredRow()
    {
        var manifest = await _store.ImportAsync(Pebble.Path, new ImportOptions { Name = "pebble" }, cancellation: _cancellation);

        using var table = EmbeddingTable.Open(_store, manifest);
        using var file = GgufFile.Open(Pebble.Path);

        (table.RowCount, table.ColumnCount, table.Type, table.Scale, table.RowBytes).ShouldBe((1024, 128, GgmlType.Q8_0, 1f, 136));
        var tensor = file.FindTensor("token_embd.weight")!;
        foreach (var token in new[] { 0, 1, 500, 1023 })
            table.Row(token).ToArray().ShouldBe(file.Read(tensor, token * 136L, 136).ToArray());
        Should.Throw<ArgumentOutOfRangeException>(() => table.Row(-1).Length);
        Should.Throw<ArgumentOutOfRangeException>(() => table.Row(1024).Length);
    }

    [Fact]
    public async Task Open_WhenGemma_ScalesByTheRootOfTheHiddenSize()
    {
        var path = TestModel.Write(_folder, RandomModelShape.Get("tiny-gemma3"));
        var manifest = await _store.ImportAsync(path, new ImportOptions { Name = "gemma" }, cancellation: _cancellation);

        using var table = EmbeddingTable.Open(_store, manifest);

        table.Scale.ShouldBe(16f);
        manifest.IsTied.ShouldBeTrue();
        manifest.HeadBytes.ShouldBe(manifest.Tail.Bytes + manifest.EmbeddingBytes);
    }

    [Fact]
    public async Task Open_WhenBlobIsMissing_NamesIt()
    {
        var manifest = await _store.ImportAsync(Pebble.Path, new ImportOptions { Name = "pebble" }, cancellation: _cancellation);
        File.Delete(_store.PathOf(manifest.Embedding));

        Should.Throw<ModelFormatException>(() => EmbeddingTable.Open(_store, manifest)).Message.ShouldContain("embedding is missing");
    }
}
