namespace OrleansInference.Silo.Devices;

/// <summary>
/// The groups around this process that a cgroup controller may limit it by: of cgroup v2, of v1, which older Jetsons and servers still have,
/// or of both, where some controllers are left to v1.
/// </summary>
internal static class ControlGroups
{
    /// <summary>The innermost group of each version first. A group need not have the controller's files.</summary>
    /// <param name="root">Folder below which /proc and /sys are read.</param>
    /// <param name="controller">As v1 names it: cpu, memory.</param>
    public static IEnumerable<ControlGroup> Around(string root, string controller)
    {
        var own = Lines(root, "proc/self/cgroup").Select(Membership.Parse).OfType<Membership>().ToArray();
        return Lines(root, "proc/self/mountinfo")
            .Select(line => Hierarchy.Parse(line, controller))
            .OfType<Hierarchy>()
            .DistinctBy(hierarchy => hierarchy.IsVersion1)
            .SelectMany(hierarchy => hierarchy.GroupsAround(root, own.FirstOrDefault(group => group.IsOf(hierarchy, controller))?.Path ?? "/"));
    }

    /// <summary>A file's text; null where there is no such file, as on other operating systems.</summary>
    internal static string? TryRead(string path)
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

    private static string[] Lines(string root, string path) => TryRead(Path.Combine(root, path))?.Split('\n') ?? [];

    /// <summary>A line of /proc/self/cgroup: "NUMBER:CONTROLLERS:PATH". That of v2 names no controllers.</summary>
    private sealed record Membership(string[] Controllers, string Path)
    {
        public static Membership? Parse(string line) =>
            line.Split(':', count: 3) is [_, var controllers, var path] ? new Membership(controllers.Split(','), path) : null;

        public bool IsOf(Hierarchy hierarchy, string controller) => Controllers.Contains(hierarchy.IsVersion1 ? controller : "");
    }

    /// <summary>A tree of groups, mounted at a folder.</summary>
    /// <param name="Root">The group that the folder shows; a container may see the tree from its own group on.</param>
    private sealed record Hierarchy(string Root, string MountPoint, bool IsVersion1)
    {
        /// <summary>Of a line of /proc/self/mountinfo: "… … … ROOT MOUNTPOINT … - TYPE SOURCE OPTIONS"; null where it is none with this controller.</summary>
        public static Hierarchy? Parse(string line, string controller)
        {
            if (line.Split(" - ", count: 2) is not [var mount, var system])
                return null;
            if (mount.Split(' ') is not [_, _, _, var root, var mountPoint, ..] || system.Split(' ') is not [var type, _, var options])
                return null;
            var isVersion1 = type == "cgroup" && options.Split(',').Contains(controller);
            return isVersion1 || type == "cgroup2" ? new Hierarchy(root, mountPoint, isVersion1) : null;
        }

        public IEnumerable<ControlGroup> GroupsAround(string root, string path)
        {
            var folder = Path.Join(root, MountPoint);
            for (var group = Below(path); ; group = group[..Math.Max(0, group.LastIndexOf('/'))])
            {
                yield return new ControlGroup(Path.Join(folder, group), IsVersion1);
                if (group.Length == 0)
                    yield break;
            }
        }

        /// <summary>Where a group is below the mount; a group outside of what is mounted shows as the mount itself.</summary>
        private string Below(string path)
        {
            var outer = Root.TrimEnd('/') + "/";
            var isInside = path.StartsWith(outer, StringComparison.Ordinal) && !path.StartsWith("/..", StringComparison.Ordinal);
            return isInside ? path[outer.Length..].TrimEnd('/') : "";
        }
    }
}

/// <param name="Folder">Where the controller's files are.</param>
/// <param name="IsVersion1">Of cgroup v1, whose files have other names than those of v2.</param>
internal readonly record struct ControlGroup(string Folder, bool IsVersion1)
{
    public string PathOf(string file) => Path.Join(Folder, file);

    /// <summary>A file's text; null where there is no such file.</summary>
    public string? Read(string file) => ControlGroups.TryRead(PathOf(file));
}
