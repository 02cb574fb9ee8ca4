using System.Collections.Immutable;
using System.Net;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansInference.ActorEngine.Tests.Grains;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Storage;

namespace OrleansInference.ActorEngine.Tests.Embedded;

public sealed class FileStorageTests : IDisposable
{
    private static readonly GrainId Grain = GrainId.Create("counter", "a key/with slashes and ümlauts");

    private readonly TemporaryFolder _folder = new();
    private readonly FileGrainStorage _storage;
    private readonly Record _record = new();

    public FileStorageTests() => _storage = new FileGrainStorage(_folder["states"], TimeProvider.System);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task State_WhenNothingIsStored_IsNotThere()
    {
        await _storage.ReadStateAsync("state", Grain, _record);
        _record.RecordExists.ShouldBeFalse();
        _record.State.ShouldBeNull();
    }

    [Fact]
    public async Task State_WhenWritten_IsReadBack()
    {
        _record.State = new CounterState { Value = 5, History = ["a"], LastSilo = SiloAddress.New(IPAddress.Loopback, 1, 2) };
        await _storage.WriteStateAsync("state", Grain, _record);
        var read = new Record();
        await _storage.ReadStateAsync("state", Grain, read);
        read.RecordExists.ShouldBeTrue();
        read.ETag.ShouldBe(_record.ETag);
        read.State!.Value.ShouldBe(5);
        read.State.History.ShouldBe(["a"]);
        read.State.LastSilo.ShouldBe(SiloAddress.New(IPAddress.Loopback, 1, 2));
        Directory.GetFiles(_folder["states"], "*.new").ShouldBeEmpty();
    }

    [Fact]
    public async Task States_WhenOfOtherNamesOrGrains_AreApart()
    {
        _record.State = new CounterState { Value = 1 };
        await _storage.WriteStateAsync("state", Grain, _record);
        foreach (var (name, grain) in new[] { ("other", Grain), ("state", GrainId.Create("counter", "a key_with slashes and ümlauts")) })
        {
            var other = new Record();
            await _storage.ReadStateAsync(name, grain, other);
            other.RecordExists.ShouldBeFalse();
        }
    }

    [Fact]
    public async Task Write_WhenSomebodyElseWroteSince_IsRefusedAndChangesNothing()
    {
        _record.State = new CounterState { Value = 1 };
        await _storage.WriteStateAsync("state", Grain, _record);
        var other = new Record();
        await _storage.ReadStateAsync("state", Grain, other);
        other.State!.Value = 2;
        await _storage.WriteStateAsync("state", Grain, other);
        _record.State.Value = 3;
        var error = await Should.ThrowAsync<InconsistentStateException>(() => _storage.WriteStateAsync("state", Grain, _record));
        error.StoredEtag.ShouldBe(other.ETag);
        error.CurrentEtag.ShouldBe(_record.ETag);
        await Should.ThrowAsync<InconsistentStateException>(() => _storage.ClearStateAsync("state", Grain, _record));
        await _storage.ReadStateAsync("state", Grain, _record);
        _record.State!.Value.ShouldBe(2);
    }

    [Fact]
    public async Task Writes_WhenManyAtOnceOfOneVersion_SucceedOnce()
    {
        _record.State = new CounterState();
        await _storage.WriteStateAsync("state", Grain, _record);
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            try
            {
                await _storage.WriteStateAsync("state", Grain, new Record { State = new CounterState { Value = i }, ETag = _record.ETag });
                return true;
            }
            catch (InconsistentStateException)
            {
                return false;
            }
        }));
        results.Count(written => written).ShouldBe(1);
    }

    [Fact]
    public async Task Writes_WhenOneStateBeginsSeveralAtOnce_LeaveTheLastOrFail()
    {
        _record.State = new CounterState();
        await _storage.WriteStateAsync("state", Grain, _record);

        // While another holds the lock, none of them takes place.
        var writes = new List<Task>();
        using (await FileLock.AcquireAsync(_folder["states/storage.lock"], TestTime.Limit, TimeProvider.System, CancellationToken.None))
        {
            for (var value = 1; value <= 8; value++)
            {
                _record.State.Value = value;
                writes.Add(_storage.WriteStateAsync("state", Grain, _record));
            }
        }
        await Task.WhenAll(writes).ContinueWith(_ => { }, TaskScheduler.Default);

        // All had seen the same state.
        writes.Count(write => write.IsCompletedSuccessfully).ShouldBe(1);
        writes.ShouldAllBe(write => write.IsCompletedSuccessfully || write.Exception!.InnerException is InconsistentStateException);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"Grain\":\"counter/a key")]
    [InlineData("{}")]
    [InlineData("null")]
    public async Task File_WhenDamaged_IsNamedAndLeftAsItIs(string content)
    {
        _record.State = new CounterState();
        await _storage.WriteStateAsync("state", Grain, _record);
        var path = Directory.GetFiles(_folder["states"], "*.json").ShouldHaveSingleItem();
        await File.WriteAllTextAsync(path, content);
        var error = await Should.ThrowAsync<OrleansException>(() => _storage.ReadStateAsync("state", Grain, new Record()));
        error.Message.ShouldContain(path);
        await Should.ThrowAsync<OrleansException>(() => _storage.WriteStateAsync("state", Grain, _record));
        (await File.ReadAllTextAsync(path)).ShouldBe(content);
    }

    private sealed class Record : IGrainState<CounterState>
    {
        public CounterState? State { get; set; }

        public string? ETag { get; set; }

        public bool RecordExists { get; set; }
    }
}
