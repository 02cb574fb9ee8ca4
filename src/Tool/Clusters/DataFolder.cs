using System.Globalization;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Clusters;

/// <summary>Where one cluster keeps its logs and slices. Locked while the cluster runs; the kernel drops the lock however that ends.</summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream _lock;
    private readonly string _ownerPath;

    private DataFolder(string path, FileStream @lock, string ownerPath)
    {
        FullPath = path;
        _lock = @lock;
        _ownerPath = ownerPath;
    }

    public string FullPath { get; }

    public string Logs => Path.Combine(FullPath, "logs");

    public string SlicesOf(string silo) => Path.Combine(FullPath, "slices", silo);

    /// <exception cref="UserErrorException">Another <c>oinf up</c> runs on it, or it cannot be written.</exception>
    public static DataFolder Open(string path)
    {
        var full = Path.GetFullPath(path);
        var (lockPath, ownerPath) = (Path.Combine(full, "up.lock"), Path.Combine(full, "up.pid"));
        try
        {
            Directory.CreateDirectory(full);
            var fileLock = OpenLock(full, lockPath, ownerPath);
            try
            {
                File.WriteAllText(ownerPath, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
                return new DataFolder(full, fileLock, ownerPath);
            }
            catch
            {
                fileLock.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--data {full} cannot be written: {e.Message}");
        }
    }

    public void Dispose()
    {
        if (File.Exists(_ownerPath))
            File.Delete(_ownerPath);
        _lock.Dispose();
    }

    private static FileStream OpenLock(string full, string lockPath, string ownerPath)
    {
        try
        {
            return new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(lockPath) && File.Exists(ownerPath))
        {
            throw new UserErrorException(
                $"A cluster runs on {full} already (oinf up, process {File.ReadAllText(ownerPath)}). Stop it, or give this one another --data folder.");
        }
    }
}
