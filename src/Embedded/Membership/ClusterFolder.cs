using System.Text;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Membership;

/// <summary>The folder that is a cluster: members/, grains/, locks. Private to the user, because whoever can write here can call.</summary>
internal sealed class ClusterFolder
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Bytes of a socket's path that the kernel takes, less the one that ends it.</summary>
    private const int MaximumSocketPathBytes = 107;

    private ClusterFolder(string path)
    {
        Members = Path.Combine(path, "members");
        Grains = Path.Combine(path, "grains");
        JoinLock = Path.Combine(path, "join.lock");
        DirectoryLock = Path.Combine(path, "grains.lock");
        GenerationFile = Path.Combine(path, "generation");
    }

    public string Members { get; }

    public string Grains { get; }

    public string JoinLock { get; }

    public string DirectoryLock { get; }

    /// <summary>Holds the generation that the newest member took.</summary>
    public string GenerationFile { get; }

    /// <summary>Opens the folder, and makes it if there is none.</summary>
    /// <exception cref="OrleansConfigurationException">It belongs to somebody else, or others can enter it.</exception>
    public static ClusterFolder Open(string path)
    {
        if (OperatingSystem.IsWindows())
            throw new OrleansConfigurationException(
                "The embedded engine runs on Linux and macOS; elsewhere, build with ActorEngine=Orleans.");
        path = Path.GetFullPath(path);
        if (!System.IO.Directory.Exists(path))
            System.IO.Directory.CreateDirectory(path, Private);
        CheckIsPrivate(path);
        var folder = new ClusterFolder(path);
        System.IO.Directory.CreateDirectory(folder.Members, Private);
        System.IO.Directory.CreateDirectory(folder.Grains, Private);
        return folder;
    }

    /// <summary>Removes what members that are no more have left. Only when there is no other member, and under the join lock.</summary>
    public void Clear()
    {
        foreach (var path in System.IO.Directory.EnumerateFiles(Members)
            .Concat(System.IO.Directory.EnumerateFiles(Grains, "*", SearchOption.AllDirectories)))
            File.Delete(path);
    }

    public string LockOf(SiloAddress silo) => Path.Combine(Members, $"{NameOf(silo)}.lock");

    public string RecordOf(SiloAddress silo) => Path.Combine(Members, $"{NameOf(silo)}.json");

    public string SocketOf(SiloAddress silo)
    {
        var path = Path.Combine(Members, $"{NameOf(silo)}.sock");
        var length = Encoding.UTF8.GetByteCount(path);
        return length <= MaximumSocketPathBytes
            ? path
            : throw new OrleansConfigurationException(
                $"The cluster folder {Path.GetDirectoryName(Members)} is {length - MaximumSocketPathBytes} bytes too long: "
                + $"the socket {path} would take {length}, and the kernel takes {MaximumSocketPathBytes}. Choose a shorter folder.");
    }

    // All members are on this machine, so the port and the generation tell them apart.
    private static string NameOf(SiloAddress silo) => $"{silo.Endpoint.Port}@{silo.Generation}";

    private static void CheckIsPrivate(string path)
    {
        if (FileOwner.Of(path) is { } owner && owner != FileOwner.Self)
            throw new OrleansConfigurationException(
                $"The cluster folder {path} belongs to user {owner}, and this process runs as user {FileOwner.Self}. "
                + "Choose a folder of your own.");
#pragma warning disable CA1416 // Open refuses other systems.
        var mode = File.GetUnixFileMode(path);
#pragma warning restore CA1416
        if ((mode & ~Private) != 0)
            throw new OrleansConfigurationException(
                $"The cluster folder {path} is open to other users (mode {Convert.ToString((int)mode, 8)}). "
                + $"Make it private: chmod 700 {path}");
    }
}
