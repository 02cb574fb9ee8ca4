using System.Text.RegularExpressions;
using OrleansInference.Models.Files;

namespace OrleansInference.Models.Store;

/// <summary>
/// Room for the next slice on the disk. Whenever layers move, slices are left behind that nobody needs; where the disk is full, those go that
/// were not used for longest. What is removed by mistake can be made anew from the blobs.
/// </summary>
/// <param name="spaceOf">The disk of a folder.</param>
internal sealed partial class SliceRoom(Func<string, DiskSpace> spaceOf)
{
    /// <summary>Of the disk, left to others as long as there is a slice to remove for it.</summary>
    internal const double SpareShare = 0.1;

    /// <exception cref="IOException">The slices that nobody uses are gone, and there still is not room enough.</exception>
    public void Make(string folder, long bytes)
    {
        foreach (var path in LeastRecentlyUsedFirst(folder))
        {
            var space = spaceOf(folder);
            if (space.FreeBytes >= bytes + (SpareShare * space.TotalBytes))
                return;
            Remove(path);
        }

        var free = spaceOf(folder).FreeBytes;
        if (free < bytes)
            throw new IOException(
                $"A slice of {bytes} bytes does not fit the disk of {folder}, which has {free} bytes free and no slice more that is unused. "
                + "Free some, or set Models:SliceFolder to a folder on another disk.");
    }

    /// <summary>Nothing that could be somebody else's: only what is named as slices are.</summary>
    private static IEnumerable<string> LeastRecentlyUsedFirst(string folder) =>
        Directory.GetFiles(folder).Where(path => SliceName().IsMatch(Path.GetFileName(path))).OrderBy(File.GetLastAccessTimeUtc);

    /// <summary>Leaves what somebody uses or is just writing, and what is another user's.</summary>
    private static void Remove(string path)
    {
        var slice = path.EndsWith(AtomicFile.PartialSuffix, StringComparison.Ordinal) ? path[..^AtomicFile.PartialSuffix.Length] : path;
        try
        {
            using var assembly = FileLock.TryAcquire(SliceAssembler.LockOf(slice));
            using var use = assembly is null ? null : FileLock.TryAcquire(path);
            if (use is not null)
                File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }

    [GeneratedRegex(@"-[0-9a-f]{16}-\d+-\d+\.gguf(\.partial)?$")]
    private static partial Regex SliceName();
}

/// <summary>Bytes of a disk.</summary>
/// <param name="FreeBytes">For this user.</param>
internal readonly record struct DiskSpace(long FreeBytes, long TotalBytes)
{
    public static DiskSpace Of(string folder)
    {
        var drive = new DriveInfo(folder);
        return new(drive.AvailableFreeSpace, drive.TotalSize);
    }
}
