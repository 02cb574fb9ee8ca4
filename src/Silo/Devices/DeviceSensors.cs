using System.Globalization;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Devices;

namespace OrleansInference.Silo.Devices;

/// <summary>
/// Memory and processor time of this silo from /proc and cgroup v2, below a root folder that tests replace. Where a file is missing
/// (another operating system) the runtime's own figures stand in.
/// </summary>
internal sealed class DeviceSensors(IOptions<DeviceOptions> options, TimeProvider time) : IDeviceSensors
{
    /// <summary>Ticks of /proc/self/stat; every Linux that .NET runs on has 100.</summary>
    private const double TicksPerSecond = 100;

    private readonly string _root = options.Value.SensorRoot;
    private readonly Lock _gate = new();
    private (long At, double ProcessorSeconds)? _last;

    public DeviceReadings Read() => new(time.GetUtcNow(), ReadResidentBytes(), ReadAvailableBytes(), ReadProcessorLoad());

    private long ReadResidentBytes() => TryParse(ReadText("proc/self/statm")?.Split(' ').ElementAtOrDefault(1)) is { } pages
        ? pages * Environment.SystemPageSize
        : Environment.WorkingSet;

    private long ReadAvailableBytes()
    {
        var machine = ReadMachineAvailableBytes();
        return ReadGroupAvailableBytes() is { } group ? Math.Min(machine, group) : machine;
    }

    private long ReadMachineAvailableBytes()
    {
        var line = ReadLine("proc/meminfo", "MemAvailable:");
        if (TryParse(line?.Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault()) is { } value)
            return value * 1024;
        var memory = GC.GetGCMemoryInfo();
        return Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes);
    }

    /// <summary>
    /// What the tightest cgroup around this process leaves; null without a limit. Cached file pages that nobody uses count as free.
    /// </summary>
    private long? ReadGroupAvailableBytes()
    {
        long? least = null;
        foreach (var folder in ControlGroups.Folders(_root))
        {
            if (TryParse(ControlGroups.TryRead(Path.Combine(folder, "memory.max"))) is not { } limit
                || TryParse(ControlGroups.TryRead(Path.Combine(folder, "memory.current"))) is not { } used)
                continue;
            var unused = TryParse(ReadLine(Path.Combine(folder, "memory.stat"), "inactive_file ")) ?? 0;
            var available = Math.Max(0, limit - used + unused);
            least = Math.Min(least ?? available, available);
        }
        return least;
    }

    /// <summary>Processor seconds per second since the last reading; 0 for the first.</summary>
    private double ReadProcessorLoad()
    {
        var now = (At: time.GetTimestamp(), ProcessorSeconds: ReadProcessorSeconds());
        lock (_gate)
        {
            var before = _last;
            _last = now;
            var seconds = before is { } reading ? time.GetElapsedTime(reading.At, now.At).TotalSeconds : 0;
            return seconds > 0 ? Math.Max(0, (now.ProcessorSeconds - before!.Value.ProcessorSeconds) / seconds) : 0;
        }
    }

    private double ReadProcessorSeconds()
    {
        // The command's name, in brackets, may hold spaces; counted from behind it, user and system time are fields 12 and 13.
        var stat = ReadText("proc/self/stat");
        var fields = stat?[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return TryParse(fields?.ElementAtOrDefault(11)) is { } user && TryParse(fields?.ElementAtOrDefault(12)) is { } system
            ? (user + system) / TicksPerSecond
            : Environment.CpuUsage.TotalTime.TotalSeconds;
    }

    /// <summary>What follows the key on the first line that begins with it.</summary>
    private string? ReadLine(string path, string key) =>
        ReadText(path)?.Split('\n').FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))?[key.Length..];

    private string? ReadText(string path) => ControlGroups.TryRead(Path.Combine(_root, path));

    private static long? TryParse(string? text) =>
        long.TryParse(text?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
