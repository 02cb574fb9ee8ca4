using System.Diagnostics;
using System.Globalization;

namespace OrleansInference.Embedded.Membership;

/// <summary>Tells processes apart, also when the kernel has given an id to another one.</summary>
internal static class ProcessIdentity
{
    public static long StartOfSelf { get; } = StartOf(Environment.ProcessId);

    /// <summary>When a process started, in a count that only compares.</summary>
    public static long StartOf(int processId)
    {
        if (!OperatingSystem.IsLinux())
        {
            using var process = Process.GetProcessById(processId);
            return process.StartTime.Ticks;
        }
        // Field 22, counted after the name, which is in brackets and may hold anything.
        var status = File.ReadAllText($"/proc/{processId}/stat");
        return long.Parse(status[(status.LastIndexOf(')') + 2)..].Split(' ')[19], CultureInfo.InvariantCulture);
    }

    /// <summary>Ends the process at once if it still is the one that started then. Never this one.</summary>
    public static bool Kill(int processId, long start)
    {
        try
        {
            if (processId == Environment.ProcessId || StartOf(processId) != start)
                return false;
            using var process = Process.GetProcessById(processId);
            process.Kill();
            return true;
        }
        catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException)
        {
            // It has ended by itself.
            return false;
        }
    }
}
