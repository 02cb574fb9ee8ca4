using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OrleansInference.Tool.Interop;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Clusters;

/// <summary>
/// The folder of one run's sockets and locks. It is private to the user and short, because a Unix socket's whole path has to fit 108
/// bytes; so it is not in the data folder. Made anew for each run, gone after it.
/// </summary>
internal sealed class ClusterFolder : IDisposable
{
    /// <summary>Leaves 48 bytes of 108 for what the actor engine puts in the folder.</summary>
    private const int MaximumPathBytes = 60;

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private ClusterFolder(string path) => FullPath = path;

    public string FullPath { get; }

    /// <summary>Makes the folder for a locked data folder, and removes those of its earlier runs that were killed.</summary>
    public static ClusterFolder Create(DataFolder data, string? runtimeFolder)
    {
        var root = Root(runtimeFolder);
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(data.FullPath)))[..10];
        foreach (var leftover in Directory.EnumerateDirectories(root, name + "-*"))
            Directory.Delete(leftover, recursive: true);

        var path = Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"{name}-{Environment.ProcessId}"));
        Directory.CreateDirectory(path, Private);
        return new ClusterFolder(path);
    }

    public void Dispose()
    {
        if (Directory.Exists(FullPath))
            Directory.Delete(FullPath, recursive: true);
    }

    private static string Root(string? runtimeFolder)
    {
        var root = Path.Combine("/tmp", string.Create(CultureInfo.InvariantCulture, $"oinf-{Posix.EffectiveUserId}"));
        if (!string.IsNullOrEmpty(runtimeFolder) && Directory.Exists(runtimeFolder)
            && Encoding.UTF8.GetByteCount(runtimeFolder) <= MaximumPathBytes - 24)
            root = Path.Combine(runtimeFolder, "oinf");

        Directory.CreateDirectory(root, Private);
        // Somebody else may have made a folder of this name in /tmp first, to listen in.
        if (File.GetUnixFileMode(root) != Private)
            throw new UserErrorException($"{root} must be readable by you alone (mode 0700), but is not. Remove it and try again.");
        return root;
    }
}
