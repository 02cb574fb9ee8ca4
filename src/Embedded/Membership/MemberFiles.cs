using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Runtime;
using OrleansInference.Embedded.Storage;

namespace OrleansInference.Embedded.Membership;

/// <summary>The files of members/: for each a lock, held while it lives, a record, and a socket.</summary>
internal sealed class MemberFiles(ClusterFolder folder)
{
    private const int FirstPort = 11111;

    /// <summary>Of Unix time, in September 2020: generations count from here, to fit an int for long.</summary>
    private const long FirstSecond = 1_600_000_000;

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>What the records hold, by when they were written. Records are replaced and never changed in place.</summary>
    private Dictionary<string, (DateTime WrittenAt, long Length, Member? Member)> _known = [];

    public bool IsAlive(SiloAddress silo) => FileLock.IsHeld(folder.LockOf(silo));

    public bool HasRecord(SiloAddress silo) => File.Exists(folder.RecordOf(silo));

    /// <summary>Every record there is, of the living and the dead. A record that cannot be read belongs to nobody.</summary>
    public IReadOnlyList<Member> ReadAll()
    {
        var known = new Dictionary<string, (DateTime WrittenAt, long Length, Member? Member)>(_known.Count);
        foreach (var file in new DirectoryInfo(folder.Members).EnumerateFiles("*.json"))
        {
            try
            {
                known[file.Name] = _known.TryGetValue(file.Name, out var before)
                    && before.WrittenAt == file.LastWriteTimeUtc && before.Length == file.Length
                        ? before
                        : (file.LastWriteTimeUtc, file.Length, JsonSerializer.Deserialize<Member>(File.ReadAllBytes(file.FullName), Json));
            }
            catch (Exception e) when (e is JsonException or FileNotFoundException)
            {
                // Records appear whole; one that is damaged, or just removed, has no living owner to speak for.
            }
        }
        _known = known;
        return [.. known.Values.Select(static entry => entry.Member).OfType<Member>()];
    }

    public void Write(Member member) => AtomicFile.Write(folder.RecordOf(member.Silo), JsonSerializer.SerializeToUtf8Bytes(member, Json));

    public FileStream CreateLock(SiloAddress silo) => FileLock.Create(folder.LockOf(silo));

    /// <summary>Removes what belongs to a member; the lock last, because without it the rest means nothing.</summary>
    public void Remove(SiloAddress silo)
    {
        File.Delete(folder.RecordOf(silo));
        File.Delete(folder.SocketOf(silo));
        File.Delete(folder.LockOf(silo));
    }

    /// <summary>An address that no member has had before. Only under the join lock.</summary>
    public SiloAddress AllocateAddress(IEnumerable<Member> living, DateTimeOffset now)
    {
        var ports = living.Select(member => member.Silo.Endpoint.Port).ToHashSet();
        var port = FirstPort;
        while (ports.Contains(port))
            port++;
        var generation = Math.Max(PreviousGeneration() + 1, (int)(now.ToUnixTimeSeconds() - FirstSecond));
        AtomicFile.Write(folder.GenerationFile, Encoding.ASCII.GetBytes(generation.ToString(CultureInfo.InvariantCulture)));
        return SiloAddress.New(IPAddress.Loopback, port, generation);
    }

    private int PreviousGeneration() => File.Exists(folder.GenerationFile)
        && int.TryParse(File.ReadAllText(folder.GenerationFile), NumberStyles.None, CultureInfo.InvariantCulture, out var known)
            ? known
            : 0;
}
