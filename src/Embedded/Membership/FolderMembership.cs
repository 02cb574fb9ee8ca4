using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;
using Orleans.Runtime;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Scheduling;
using OrleansInference.Embedded.Storage;

namespace OrleansInference.Embedded.Membership;

/// <summary>Membership by a folder of this machine: who holds the lock of a membership file is a member, and nobody else is.</summary>
internal sealed class FolderMembership(
    IOptions<EmbeddedClusterOptions> options, TaskScheduler work, TimeProvider time, ILogger<FolderMembership> logger)
    : IClusterMembership, IDisposable
{
    private const int FirstPort = 11111;

    /// <summary>Of Unix time, in September 2020: generations count from here, to fit an int for long.</summary>
    private const long FirstSecond = 1_600_000_000;

    /// <summary>Files that seem old are removed from temporary folders: by systemd-tmpfiles after 10 days, by macOS after 3.</summary>
    private static readonly TimeSpan TouchPeriod = TimeSpan.FromHours(1);

    private readonly Lock _refreshing = new();
    private ClusterFolder _folder = null!;
    private FileStream? _lock;
    private SafeFileHandle? _share;
    private ITimer? _touch;

    public event Action<Member, SiloStatus>? Changed;

    public Member Self
    {
        get => field ?? throw new InvalidOperationException("The silo has not started.");
        private set;
    }

    public ImmutableDictionary<SiloAddress, Member> Members { get; private set; } = ImmutableDictionary<SiloAddress, Member>.Empty;

    public bool IsAlive(SiloAddress silo) => FileLock.IsHeld(_folder.LockOf(silo));

    public async Task JoinAsync(MemberProfile profile, Func<Member, Task> listen, CancellationToken cancellation)
    {
        _folder = ClusterFolder.Open(options.Value.Folder);
        using (var join = await FileLock.AcquireAsync(_folder.JoinLock, options.Value.LockTimeout, time, cancellation))
        {
            var living = FindLiving();
            CheckFits(profile, living);
            if (living.Count == 0)
                _folder.Clear();
            var silo = NewAddress(join, living);
            _lock = FileLock.Create(_folder.LockOf(silo));
            if (!IsAlive(silo))
                throw new OrleansConfigurationException(
                    $"File locks do not work in {options.Value.Folder} (a network file system?). Choose a folder on a local disk.");
            _share = await FileLock.ShareAsync(options.Value.Folder, options.Value.LockTimeout, time, cancellation);
            _touch = time.CreateTimer(_ => work.Post(TouchAsync, logger), null, TouchPeriod, TouchPeriod);
            var self = new Member(
                silo, profile, Environment.ProcessId, ProcessIdentity.StartOfSelf, _folder.SocketOf(silo), SiloStatus.Active);
            await listen(self);
            AtomicFile.Write(_folder.RecordOf(silo), JsonSerializer.SerializeToUtf8Bytes(self));
            Self = self;
        }
        await RefreshAsync();
    }

    public Task RefreshAsync()
    {
        lock (_refreshing)
        {
            if (_lock is not null)
                Update(FindLiving().ToImmutableDictionary(member => member.Silo));
        }
        return Task.CompletedTask;
    }

    public Task BeginLeaveAsync()
    {
        File.Create(_folder.LeavingMarkOf(Self.Silo)).Dispose();
        return RefreshAsync();
    }

    public void Leave()
    {
        lock (_refreshing)
        {
            if (IsAlive(Self.Silo))
                _folder.Remove(Self.Silo);
            Dispose();
        }
    }

    public void Fence(Member member) => ProcessIdentity.Kill(member.ProcessId, member.ProcessStart);

    public void Dispose()
    {
        _touch?.Dispose();
        Interlocked.Exchange(ref _lock, null)?.Dispose();
        _share?.Dispose();
    }

    private Task TouchAsync()
    {
        _folder.Touch(time.GetUtcNow().UtcDateTime);
        return Task.CompletedTask;
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

    // An address that no member has had before, also when the clock was put back.
    private SiloAddress NewAddress(FileStream join, List<Member> living)
    {
        var seconds = (int)(time.GetUtcNow().ToUnixTimeSeconds() - FirstSecond);
        var newest = new byte[sizeof(int)];
        RandomAccess.Read(join.SafeFileHandle, newest, fileOffset: 0);
        var generation = Math.Max(seconds, BitConverter.ToInt32(newest) + 1);
        RandomAccess.Write(join.SafeFileHandle, BitConverter.GetBytes(generation), fileOffset: 0);
        var ports = living.Select(member => member.Silo.Endpoint.Port);
        return SiloAddress.New(IPAddress.Loopback, Enumerable.Range(FirstPort, living.Count + 1).Except(ports).First(), generation);
    }

    /// <summary>Reads the records that are new, and removes those of the dead.</summary>
    private List<Member> FindLiving()
    {
        var living = new List<Member>();
        foreach (var silo in _folder.ListSilos())
        {
            if (!IsAlive(silo))
                _folder.Remove(silo);
            else if ((Members.GetValueOrDefault(silo) ?? Read(_folder.RecordOf(silo))) is { } member)
                living.Add(File.Exists(_folder.LeavingMarkOf(silo)) ? member with { Status = SiloStatus.ShuttingDown } : member);
        }
        return living;
    }

    private static Member? Read(string record)
    {
        try
        {
            return JsonSerializer.Deserialize<Member>(File.ReadAllBytes(record));
        }
        catch (Exception e) when (e is FileNotFoundException or JsonException)
        {
            // Records appear whole; its member is just leaving, or somebody else has written it.
            return null;
        }
    }

    private void Update(ImmutableDictionary<SiloAddress, Member> members)
    {
        var before = Members;
        Members = members;
        foreach (var member in members.Values.Where(member => before.GetValueOrDefault(member.Silo)?.Status != member.Status))
            Tell(member, member.Status);
        foreach (var member in before.Values.Where(member => !members.ContainsKey(member.Silo)))
            Tell(member, SiloStatus.Dead);
    }

    private void Tell(Member member, SiloStatus status)
    {
        var isLost = status == SiloStatus.Dead && member.Status == SiloStatus.Active;
        logger.MemberSeen(isLost ? LogLevel.Warning : LogLevel.Information, member.Profile.Name, member.Silo, status);
        Changed?.Invoke(member, status);
    }
}
