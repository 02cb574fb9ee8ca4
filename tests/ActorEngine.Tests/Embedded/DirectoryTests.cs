using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using OrleansInference.Embedded.Directory;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Membership;

namespace OrleansInference.ActorEngine.Tests.Embedded;

public sealed class DirectoryTests : IDisposable
{
    private static readonly GrainId Grain = GrainId.Create("type", "key");

    private readonly TemporaryFolder _folder = new();
    private readonly KnownMembers _members = new();
    private readonly SiloAddress _one = SiloAddress.New(IPAddress.Loopback, 1, 1);
    private readonly SiloAddress _two = SiloAddress.New(IPAddress.Loopback, 2, 1);
    private readonly FolderActivationDirectory _directory;

    public DirectoryTests() => _directory = NewDirectory();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Entry_WhenItsSiloLives_IsNotReplaced()
    {
        (await _directory.RegisterAsync(Grain, _one)).ShouldBe(_one);
        (await _directory.RegisterAsync(Grain, _two)).ShouldBe(_one);
        _directory.Find(Grain).ShouldBe(_one);
    }

    [Fact]
    public async Task Entry_WhenItsSiloIsDead_IsReplaced()
    {
        await _directory.RegisterAsync(Grain, _one);
        _members.Dead.Add(_one);
        _directory.Find(Grain).ShouldBeNull();
        (await _directory.RegisterAsync(Grain, _two)).ShouldBe(_two);
        _directory.Find(Grain).ShouldBe(_two);
    }

    [Theory]
    [InlineData("")]
    [InlineData("127.0.0.1:1@1")]
    [InlineData("no silo\ntype/key\n")]
    public async Task Entry_WhenDamaged_IsNobodysAndReplaced(string content)
    {
        await _directory.RegisterAsync(Grain, _one);
        await File.WriteAllTextAsync(Directory.GetFiles(_folder["grains"]).ShouldHaveSingleItem(), content);
        _directory.Find(Grain).ShouldBeNull();
        (await _directory.RegisterAsync(Grain, _two)).ShouldBe(_two);
    }

    [Fact]
    public async Task Entry_WhenManyFindItDeadAtOnce_IsReplacedByOne()
    {
        for (var round = 0; round < 20; round++)
        {
            var grain = GrainId.Create("type", $"{round}");
            await _directory.RegisterAsync(grain, _one);
            _members.Dead.Add(_one);
            var winners = await Task.WhenAll(Enumerable.Range(10, 10).Select(port => Task.Run(
                () => NewDirectory().RegisterAsync(grain, SiloAddress.New(IPAddress.Loopback, port, 1)))));
            winners.Distinct().ShouldHaveSingleItem();
            _members.Dead.Clear();
        }
    }

    [Fact]
    public async Task Unregister_WhenTheGrainIsAnothers_LeavesIt()
    {
        await _directory.RegisterAsync(Grain, _one);
        await _directory.UnregisterAsync(Grain, _two);
        _directory.Find(Grain).ShouldBe(_one);
        await _directory.UnregisterAsync(Grain, _one);
        _directory.Find(Grain).ShouldBeNull();
    }

    [Fact]
    public async Task RemoveAll_WhenASiloIsDead_RemovesItsEntriesOnly()
    {
        for (var i = 0; i < 5; i++)
            await _directory.RegisterAsync(GrainId.Create("type", $"{i}"), i % 2 == 0 ? _one : _two);
        await _directory.RemoveAllAsync(_one);
        Directory.GetFiles(_folder["grains"]).Length.ShouldBe(2);
        _directory.Find(GrainId.Create("type", "1")).ShouldBe(_two);
    }

    private FolderActivationDirectory NewDirectory() =>
        new(Options.Create(new EmbeddedClusterOptions { Folder = _folder.Path }), _members, TimeProvider.System);

    /// <summary>Everybody lives who is not said to be dead.</summary>
    private sealed class KnownMembers : IClusterMembership
    {
        public HashSet<SiloAddress> Dead { get; } = [];

        public Member Self => throw new NotSupportedException();

        public ImmutableDictionary<SiloAddress, Member> Members => [];

#pragma warning disable CS0067 // Nothing changes here.
        public event Action<Member, SiloStatus>? Changed;
#pragma warning restore CS0067

        public bool IsAlive(SiloAddress silo) => !Dead.Contains(silo);

        public Task JoinAsync(MemberProfile profile, Func<Member, Task> listen, CancellationToken cancellation) => Task.CompletedTask;

        public Task RefreshAsync() => Task.CompletedTask;

        public Task BeginLeaveAsync() => Task.CompletedTask;

        public void Leave()
        {
        }

        public void Fence(Member member)
        {
        }
    }
}
