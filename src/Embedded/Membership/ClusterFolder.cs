using System.Net;
using System.Text;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Membership;

/// <summary>
/// The folder that is a cluster. In members/ each silo has a lock, held while it lives, a record, a socket, and a mark once it is leaving;
/// in grains/ each grain that is active has an entry. Every member shares in the lock of the folder itself, which keeps systemd-tmpfiles
/// from removing what seems old. Private to the user, because whoever can write here can call.
/// </summary>
internal sealed class ClusterFolder
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Bytes of a socket's path that the kernel takes, less the one that ends it.</summary>
    private const int MaximumSocketPathBytes = 107;

    private readonly string _path;

    private ClusterFolder(string path) => _path = path;

    public string Members => Path.Combine(_path, "members");

    public string Grains => Path.Combine(_path, "grains");

    /// <summary>Its lock is held by whoever joins; it holds the generation of the newest member.</summary>
    public string JoinLock => Path.Combine(_path, "join.lock");

    public string DirectoryLock => Path.Combine(_path, "grains.lock");

    /// <summary>Opens the folder, and makes it if there is none.</summary>
    /// <exception cref="OrleansConfigurationException">It belongs to somebody else, or others can enter it.</exception>
    public static ClusterFolder Open(string path)
    {
        if (OperatingSystem.IsWindows())
            throw new OrleansConfigurationException(
                "The embedded engine runs on Linux and macOS; elsewhere, build with ActorEngine=Orleans.");
        path = Path.GetFullPath(path);
        System.IO.Directory.CreateDirectory(path, Private);
        if (FileOwner.Of(path) is { } owner && owner != FileOwner.Self)
            throw new OrleansConfigurationException(
                $"The cluster folder {path} belongs to user {owner}, and this process runs as user {FileOwner.Self}. "
                + "Choose a folder of your own.");
        if ((File.GetUnixFileMode(path) & ~Private) != 0)
            throw new OrleansConfigurationException(
                $"The cluster folder {path} is open to other users. Make it private: chmod 700 {path}");
        var folder = new ClusterFolder(path);
        System.IO.Directory.CreateDirectory(folder.Members, Private);
        System.IO.Directory.CreateDirectory(folder.Grains, Private);
        return folder;
    }

    /// <summary>The silos that have a record, the dead among them. None where somebody has removed the folder.</summary>
    public List<SiloAddress> ListSilos() => System.IO.Directory.Exists(Members)
        ? [.. System.IO.Directory.EnumerateFiles(Members, "*.json").Select(SiloOf).OfType<SiloAddress>()]
        : [];

    public string LockOf(SiloAddress silo) => PathOf(silo, "lock");

    public string RecordOf(SiloAddress silo) => PathOf(silo, "json");

    public string LeavingMarkOf(SiloAddress silo) => PathOf(silo, "leaving");

    public string SocketOf(SiloAddress silo)
    {
        var path = PathOf(silo, "sock");
        return Encoding.UTF8.GetByteCount(path) <= MaximumSocketPathBytes
            ? path
            : throw new OrleansConfigurationException(
                $"The socket {path} would have a path of more than {MaximumSocketPathBytes} bytes. Choose a shorter folder than {_path}.");
    }

    /// <summary>Removes what belongs to a member; the lock last, because without it the rest means nothing.</summary>
    public void Remove(SiloAddress silo)
    {
        foreach (var path in (string[])[RecordOf(silo), SocketOf(silo), LeavingMarkOf(silo), LockOf(silo)])
            File.Delete(path);
    }

    /// <summary>Makes everything new, for those who remove what seems old.</summary>
    public void Touch(DateTime now)
    {
        foreach (var path in System.IO.Directory.EnumerateFileSystemEntries(_path, "*", SearchOption.AllDirectories).Prepend(_path))
        {
            try
            {
                File.SetLastAccessTimeUtc(path, now);
                File.SetLastWriteTimeUtc(path, now);
            }
            catch (FileNotFoundException)
            {
                // Grains and members come and go.
            }
        }
    }

    /// <summary>Removes what members that are no more have left. Only when there is no other member, and under the join lock.</summary>
    public void Clear()
    {
        foreach (var path in System.IO.Directory.EnumerateFiles(Members)
            .Concat(System.IO.Directory.EnumerateFiles(Grains, "*", SearchOption.AllDirectories)))
            File.Delete(path);
    }

    // All members are on this machine, so the port and the generation tell them apart.
    private string PathOf(SiloAddress silo, string kind) => Path.Combine(Members, $"{silo.Endpoint.Port}@{silo.Generation}.{kind}");

    private static SiloAddress? SiloOf(string path) =>
        SiloAddress.TryParse($"{IPAddress.Loopback}:{Path.GetFileNameWithoutExtension(path)}", out var silo) ? silo : null;
}
