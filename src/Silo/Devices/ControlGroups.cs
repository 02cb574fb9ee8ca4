namespace OrleansInference.Silo.Devices;

/// <summary>The cgroup v2 groups around this process, each of which may limit it.</summary>
internal static class ControlGroups
{
    private const string Key = "0::/";

    /// <summary>Their folders, the innermost first.</summary>
    /// <param name="root">Folder below which /proc and /sys are read.</param>
    public static IEnumerable<string> Folders(string root)
    {
        var own = TryRead(Path.Combine(root, "proc/self/cgroup"))?.Split('\n')
            .FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal))?[Key.Length..].Trim('/') ?? "";
        for (var group = own; ; group = group[..Math.Max(0, group.LastIndexOf('/'))])
        {
            yield return Path.Combine(root, "sys/fs/cgroup", group);
            if (group.Length == 0)
                yield break;
        }
    }

    /// <summary>A file's text; null where there is no such file, as on other operating systems.</summary>
    public static string? TryRead(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
