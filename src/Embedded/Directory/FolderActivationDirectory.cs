using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Storage;

namespace OrleansInference.Embedded.Directory;

/// <summary>
/// One small file for each grain that is active, naming its silo. Only one silo can make it, and it is never seen half written.
/// An entry of a silo that is alive is touched by that silo alone; one of a dead silo is
/// removed under a lock, so that nobody removes what has replaced it.
/// </summary>
internal sealed class FolderActivationDirectory(
    IOptions<EmbeddedClusterOptions> options, IClusterMembership membership, TimeProvider time) : IActivationDirectory
{
    private ClusterFolder Folder => field ??= ClusterFolder.Open(options.Value.Folder);

    public SiloAddress? Find(GrainId grainId) =>
        OwnerIn(Read(PathOf(grainId))) is { } owner && membership.IsAlive(owner) ? owner : null;

    public async Task<SiloAddress> RegisterAsync(GrainId grainId, SiloAddress silo)
    {
        var path = PathOf(grainId);
        while (true)
        {
            // Who has lost its place sees everybody else's as it likes, and must not act on it.
            if (!membership.IsAlive(silo))
                throw new SiloUnavailableException($"Silo {silo} is no member any more and cannot activate grain {grainId}.");
            if (AtomicFile.TryCreate(path, ContentOf(grainId, silo)))
                return silo;
            if (Find(grainId) is { } owner)
                return owner;
            await RemoveAsync([path], owner => owner is null || !membership.IsAlive(owner));
        }
    }

    public Task UnregisterAsync(GrainId grainId, SiloAddress silo)
    {
        if (IsOf(grainId, silo))
            File.Delete(PathOf(grainId));
        return Task.CompletedTask;
    }

    // In one step, so that no other silo gets hold of the grain in between.
    public Task HandOverAsync(GrainId grainId, SiloAddress from, SiloAddress to)
    {
        if (IsOf(grainId, from))
            AtomicFile.Write(PathOf(grainId), ContentOf(grainId, to));
        return Task.CompletedTask;
    }

    public Task RemoveAllAsync(SiloAddress deadSilo) =>
        RemoveAsync(System.IO.Directory.EnumerateFiles(Folder.Grains, "*.grain"), deadSilo.Equals);

    private bool IsOf(GrainId grainId, SiloAddress silo) => membership.IsAlive(silo) && silo.Equals(OwnerIn(Read(PathOf(grainId))));

    private async Task RemoveAsync(IEnumerable<string> paths, Predicate<SiloAddress?> isDead)
    {
        using var held = await FileLock.AcquireAsync(Folder.DirectoryLock, options.Value.LockTimeout, time, CancellationToken.None);
        foreach (var path in paths)
        {
            if (Read(path) is { } entry && isDead(OwnerIn(entry)))
                File.Delete(path);
        }
    }

    private static byte[] ContentOf(GrainId grainId, SiloAddress silo) => Encoding.UTF8.GetBytes($"{silo.ToParsableString()}\n{grainId}\n");

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The silo that an entry names; null where it cannot be read.</summary>
    private static SiloAddress? OwnerIn(string? entry) =>
        entry?.Split('\n') is [var name, _, ""] && SiloAddress.TryParse(name, out var silo) ? silo : null;

    private string PathOf(GrainId grainId) =>
        Path.Combine(Folder.Grains, $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(grainId.ToString())))}.grain");
}
