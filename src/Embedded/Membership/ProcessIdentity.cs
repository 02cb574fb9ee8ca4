using System.Diagnostics;
using System.Globalization;

namespace OrleansInference.Embedded.Membership;

/// <summary>Tells processes apart, also when the kernel has given an id to another one.</summary>
internal static class ProcessIdentity
{
    public static long StartOfSelf { get; } = StartOf(Environment.ProcessId) ?? 0;

    /// <summary>When a process started, in a count that only compares; null when there is no such process.</summary>
    public static long? StartOf(int processId)
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                using var process = Process.GetProcessById(processId);
                return process.StartTime.Ticks;
            }
            // Field 22, counted after the name, which is in brackets and may hold anything.
            var status = File.ReadAllText($"/proc/{processId}/stat");
            var fields = status[(status.LastIndexOf(')') + 2)..].Split(' ');
            return long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Ends the process at once if it still is the one that started then. Never this one.</summary>
    public static bool Kill(int processId, long start)
    {
        if (processId == Environment.ProcessId || StartOf(processId) != start)
            return false;
        try
        {
            using var process = Process.GetProcessById(processId);
            process.Kill();
            return true;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It ended by itself meanwhile.
            return false;
        }
    }
}
