using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Scheduling;

namespace OrleansInference.Embedded.Membership;

/// <summary>Membership by a folder of this machine: who holds the lock of a membership file is a member, and nobody else is.</summary>
internal sealed class FolderMembership(
    IOptions<EmbeddedClusterOptions> options, TimeProvider time, IWorkQueue work, ILogger<FolderMembership> logger)
    : IClusterMembership, IDisposable
{
    /// <summary>The dead that are remembered; beyond this the oldest are forgotten.</summary>
    private const int MaximumRemembered = 1024;

    private readonly SemaphoreSlim _refreshing = new(1);
    private readonly Queue<SiloAddress> _dead = [];
    private readonly Lock _deadLock = new();
    private ClusterFolder _folder = null!;
    private MemberFiles _files = null!;
    private FileStream? _lock;
    private ITimer? _poll;
    private Member? _self;
    private volatile ImmutableDictionary<SiloAddress, Member> _members = ImmutableDictionary<SiloAddress, Member>.Empty;

    public event Action<Member, SiloStatus>? Changed;

    public event Action<string>? Evicted;

    public Member Self => _self ?? throw new InvalidOperationException("The silo has not started.");

    public ImmutableDictionary<SiloAddress, Member> Members => _members;

    public bool IsAlive(SiloAddress silo) => _files.IsAlive(silo);

    public bool WasMember(SiloAddress silo)
    {
        lock (_deadLock)
            return _dead.Contains(silo);
    }

    public async Task JoinAsync(MemberProfile profile, Func<Member, Task> listen, CancellationToken cancellation)
    {
        _folder = ClusterFolder.Open(options.Value.Folder);
        _files = new MemberFiles(_folder);
        using (await FileLock.AcquireAsync(_folder.JoinLock, options.Value.LockTimeout, time, cancellation))
        {
            var living = RemoveDead(_files.ReadAll());
            CheckFits(profile, living);
            if (living.Count == 0)
                _folder.Clear();
            var silo = _files.AllocateAddress(living, time.GetUtcNow());
            _lock = _files.CreateLock(silo);
            if (!_files.IsAlive(silo))
                throw new OrleansConfigurationException(
                    $"File locks do not work in {options.Value.Folder} (a network file system?). Choose a folder on a local disk.");
            var self = new Member(
                silo, profile, Environment.ProcessId, ProcessIdentity.StartOfSelf, _folder.SocketOf(silo), SiloStatus.Active);
            await listen(self);
            _files.Write(self);
            _self = self;
        }
        await RefreshAsync();
        _poll = time.CreateTimer(_ => work.Post(RefreshAsync, logger), null, options.Value.PollPeriod, options.Value.PollPeriod);
    }

    public async Task RefreshAsync()
    {
        await _refreshing.WaitAsync();
        try
        {
            if (_lock is null)
                return;
            Update(RemoveDead(_files.ReadAll()));
            if (!_files.HasRecord(Self.Silo) || !_files.IsAlive(Self.Silo))
                OnPlaceLost();
        }
        catch (DirectoryNotFoundException)
        {
            OnPlaceLost();
        }
        finally
        {
            _refreshing.Release();
        }
    }

    public async Task BeginLeaveAsync()
    {
        _self = Self with { Status = SiloStatus.ShuttingDown };
        _files.Write(_self);
        await RefreshAsync();
    }

    public async Task LeaveAsync()
    {
        await _refreshing.WaitAsync();
        try
        {
            if (_lock is null)
                return;
            _files.Remove(Self.Silo);
            Abandon();
        }
        finally
        {
            _refreshing.Release();
        }
    }

    public void Abandon()
    {
        _poll?.Dispose();
        Interlocked.Exchange(ref _lock, null)?.Dispose();
    }

    public void Fence(Member member)
    {
        if (ProcessIdentity.Kill(member.ProcessId, member.ProcessStart))
            logger.MemberFenced(member.Profile.Name, member.Silo, member.ProcessId);
    }

    public void Dispose()
    {
        Abandon();
        _refreshing.Dispose();
    }

    private void CheckFits(MemberProfile profile, List<Member> living)
    {
        foreach (var member in living)
        {
            if (member.Profile.Name == profile.Name)
                throw new OrleansConfigurationException(
                    $"Process {member.ProcessId} is already the silo \"{profile.Name}\" of {options.Value.Folder}. Choose another name.");
            foreach (var (assembly, build) in profile.Builds)
            {
                if (member.Profile.Builds.TryGetValue(assembly, out var other) && other != build)
                    throw new OrleansConfigurationException(
                        $"Silo \"{member.Profile.Name}\" (process {member.ProcessId}) runs another build of {assembly}. "
                        + "Stop it, or start the same build.");
            }
        }
    }

    private List<Member> RemoveDead(IReadOnlyList<Member> members)
    {
        var living = new List<Member>();
        foreach (var member in members)
        {
            if (member.Silo.Equals(_self?.Silo) || _files.IsAlive(member.Silo))
                living.Add(member);
            else
                _files.Remove(member.Silo);
        }
        return living;
    }

    private void Update(List<Member> living)
    {
        var before = _members;
        _members = living.ToImmutableDictionary(member => member.Silo);
        foreach (var member in living)
        {
            if (before.TryGetValue(member.Silo, out var known) && known.Status == member.Status)
                continue;
            logger.MemberSeen(member.Profile.Name, member.Silo, member.Status);
            Changed?.Invoke(member, member.Status);
        }
        foreach (var member in before.Values.Where(member => !_members.ContainsKey(member.Silo)))
        {
            Bury(member.Silo);
            logger.MemberLost(member.Profile.Name, member.Silo);
            Changed?.Invoke(member, SiloStatus.Dead);
        }
    }

    private void Bury(SiloAddress silo)
    {
        lock (_deadLock)
        {
            _dead.Enqueue(silo);
            if (_dead.Count > MaximumRemembered)
                _dead.Dequeue();
        }
    }

    // Somebody removed the folder, or parts of it: to others this silo is dead, and its grains may live elsewhere already.
    private void OnPlaceLost() => Evicted?.Invoke($"The membership files of this silo are gone from {_folder.Members}.");
}
