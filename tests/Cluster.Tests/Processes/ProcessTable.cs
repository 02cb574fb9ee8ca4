using System.Diagnostics;
using System.Globalization;

namespace OrleansInference.Cluster.Tests.Processes;

/// <summary>What the kernel says of processes.</summary>
internal static class ProcessTable
{
    public static bool IsAlive(int processId)
    {
        try
        {
            // A zombie is dead; it only waits to be looked at.
            return StatusOf(processId, "State").FirstOrDefault() is not ("Z" or "X" or null);
        }
        catch (IOException)
        {
            return false;
        }
    }

    public static long ResidentBytes(int processId) => long.Parse(StatusOf(processId, "VmRSS")[0], CultureInfo.InvariantCulture) * 1024;

    public static IReadOnlyList<int> ChildrenOf(int parentId) => [.. Directory.EnumerateDirectories("/proc")
        .Select(Path.GetFileName)
        .Where(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        .Select(name => int.Parse(name!, CultureInfo.InvariantCulture))
        .Where(id => ParentOf(id) == parentId)];

    /// <summary>The threads of a process, by name, and the scheduling class of each: 0 is the usual one, 3 is batch.</summary>
    public static IReadOnlyList<(string Name, int SchedulingClass)> ThreadsOf(int processId) =>
        [.. Directory.EnumerateDirectories($"/proc/{processId}/task").Select(TryReadThread).OfType<(string, int)>()];

    /// <summary>The processors that the threads whose names begin so may use, as the kernel lists them: "0-3,8".</summary>
    public static IReadOnlyList<string> ProcessorsOf(int processId, string threadName) =>
    [
        .. Directory.EnumerateDirectories($"/proc/{processId}/task").Select(folder => $"{processId}/task/{Path.GetFileName(folder)}")
            .Where(thread => TryReadThread($"/proc/{thread}") is { } found && found.Name.StartsWith(threadName, StringComparison.Ordinal))
            .Select(thread => StatusOf(thread, "Cpus_allowed_list")[0]),
    ];

    public static void Kill(int processId)
    {
        using var process = Process.GetProcessById(processId);
        process.Kill();
    }

    /// <summary>Sends what Ctrl-C sends.</summary>
    public static void Interrupt(int processId)
    {
        using var kill = Process.Start("kill", ["-INT", processId.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        kill.ExitCode.ShouldBe(0);
    }

    /// <returns>Null when the thread has ended.</returns>
    private static (string Name, int SchedulingClass)? TryReadThread(string folder)
    {
        try
        {
            // The name stands in parentheses and may hold any character; the fields after it are counted from the third.
            var line = File.ReadAllText(Path.Combine(folder, "stat"));
            var (begin, end) = (line.IndexOf('(', StringComparison.Ordinal), line.LastIndexOf(')'));
            return (line[(begin + 1)..end], int.Parse(line[(end + 2)..].Split(' ')[41 - 3], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static int ParentOf(int processId)
    {
        try
        {
            return int.Parse(StatusOf(processId, "PPid")[0], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static string[] StatusOf(int processId, string key) => StatusOf(processId.ToString(CultureInfo.InvariantCulture), key);

    /// <param name="task">A process, or PROCESS/task/THREAD.</param>
    private static string[] StatusOf(string task, string key) => File.ReadLines($"/proc/{task}/status")
        .Where(line => line.StartsWith(key + ":", StringComparison.Ordinal))
        .SelectMany(line => line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Skip(1))
        .ToArray();
}
