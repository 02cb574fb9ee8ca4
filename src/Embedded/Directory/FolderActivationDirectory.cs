using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Membership;

namespace OrleansInference.Embedded.Directory;

/// <summary>
/// One small file for each grain that is active, naming its silo. It is written aside and then linked to its name, which only one
/// silo can do, so it is never seen half written. An entry of a silo that is alive is touched by that silo alone; one of a dead
/// silo is replaced under a lock, so that of two that find it dead only one replaces it.
/// </summary>
internal sealed class FolderActivationDirectory(
    IOptions<EmbeddedClusterOptions> options, IClusterMembership membership, TimeProvider time) : IActivationDirectory
{
    private readonly Lazy<ClusterFolder> _folder = new(() => ClusterFolder.Open(options.Value.Folder));

    private ClusterFolder Folder => _folder.Value;

    public SiloAddress? Find(GrainId grainId) =>
        Read(PathOf(grainId)) is { } owner && membership.IsAlive(owner) ? owner : null;

    public async Task<SiloAddress> RegisterAsync(GrainId grainId, SiloAddress silo)
    {
        var path = PathOf(grainId);
        var prepared = Prepare(grainId, silo);
        try
        {
            while (true)
            {
                // Who has lost its place sees everybody else's as it likes, and must not act on it.
                if (!membership.IsAlive(silo))
                    throw new SiloUnavailableException($"Silo {silo} is no member any more and cannot activate grain {grainId}.");
                if (HardLink.TryCreate(prepared, path))
                    return silo;
                var owner = Read(path);
                if (owner is not null && membership.IsAlive(owner))
                    return owner;
                if (await TryReplaceAsync(path, prepared))
                    return silo;
            }
        }
        finally
        {
            File.Delete(prepared);
        }
    }

    public Task UnregisterAsync(GrainId grainId, SiloAddress silo)
    {
        var path = PathOf(grainId);
        if (membership.IsAlive(silo) && silo.Equals(Read(path)))
            File.Delete(path);
        return Task.CompletedTask;
    }

    // In one step, so that no other silo gets hold of the grain in between.
    public Task HandOverAsync(GrainId grainId, SiloAddress from, SiloAddress to)
    {
        var path = PathOf(grainId);
        if (membership.IsAlive(from) && from.Equals(Read(path)))
            File.Move(Prepare(grainId, to), path, overwrite: true);
        return Task.CompletedTask;
    }

    public async Task RemoveAllAsync(SiloAddress deadSilo)
    {
        using var held = await LockAsync();
        foreach (var path in System.IO.Directory.EnumerateFiles(Folder.Grains, "*.grain"))
        {
            if (deadSilo.Equals(Read(path)))
                File.Delete(path);
        }
    }

    private async Task<bool> TryReplaceAsync(string path, string prepared)
    {
        using var held = await LockAsync();
        if (!File.Exists(path) || (Read(path) is { } owner && membership.IsAlive(owner)))
            return false;
        File.Move(prepared, path, overwrite: true);
        return true;
    }

    private Task<FileStream> LockAsync() =>
        FileLock.AcquireAsync(Folder.DirectoryLock, options.Value.LockTimeout, time, CancellationToken.None);

    // Not flushed to disk: after a loss of power no silo is alive that an entry could speak for.
    private string Prepare(GrainId grainId, SiloAddress silo)
    {
        var path = Path.Combine(Folder.Grains, $"{Guid.NewGuid():N}.new");
        File.WriteAllText(path, $"{silo.ToParsableString()}\n{grainId}\n");
        return path;
    }

    /// <summary>The silo that an entry names; null where there is no entry, or none that can be read.</summary>
    private static SiloAddress? Read(string path)
    {
        try
        {
            var lines = File.ReadAllText(path).Split('\n');
            return lines.Length == 3 && SiloAddress.TryParse(lines[0], out var silo) ? silo : null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private string PathOf(GrainId grainId) =>
        Path.Combine(Folder.Grains, $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(grainId.ToString())))}.grain");
}
