using Microsoft.Extensions.Options;
using OrleansInference.Grains.Devices;

namespace OrleansInference.Silo.Devices;

/// <summary>
/// Memory and processor time of this silo from /proc and its cgroups, below a root folder that tests replace. Where a file is missing
/// (another operating system) the runtime's own figures stand in.
/// </summary>
internal sealed class DeviceSensors : IDeviceSensors
{
    /// <summary>Ticks of /proc/self/stat; every Linux that .NET runs on has 100.</summary>
    private const double TicksPerSecond = 100;

    private readonly TimeProvider _time;
    private readonly SensorFile _residentMemory;
    private readonly SensorFile _machineMemory;
    private readonly SensorFile _processorTime;
    private readonly GroupMemory[] _groups;
    private readonly Lock _gate = new();
    private (long At, double ProcessorSeconds)? _last;

    public DeviceSensors(IOptions<DeviceOptions> options, TimeProvider time)
    {
        _time = time;
        var root = options.Value.SensorRoot;
        _residentMemory = new SensorFile(Path.Combine(root, "proc/self/statm"));
        _machineMemory = new SensorFile(Path.Combine(root, "proc/meminfo"));
        _processorTime = new SensorFile(Path.Combine(root, "proc/self/stat"));
        _groups = [.. ControlGroups.Around(root, "memory").Select(static group => new GroupMemory(group))];
    }

    public DeviceReadings Read()
    {
        lock (_gate)
            return new(_time.GetUtcNow(), ReadResidentBytes(), ReadAvailableBytes(), ReadProcessorLoad());
    }

    private long ReadResidentBytes() =>
        SensorFile.Field(_residentMemory.Read(), 1) is { } pages ? pages * Environment.SystemPageSize : Environment.WorkingSet;

    private long ReadAvailableBytes()
    {
        var machine = ReadMachineAvailableBytes();
        return ReadGroupAvailableBytes() is { } group ? Math.Min(machine, group) : machine;
    }

    private long ReadMachineAvailableBytes()
    {
        if (_machineMemory.ReadNumber("MemAvailable:"u8) is { } value)
            return value * 1024;
        var memory = GC.GetGCMemoryInfo();
        return Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes);
    }

    /// <summary>What the tightest cgroup around this process leaves; null without a limit.</summary>
    private long? ReadGroupAvailableBytes() => _groups.Min(static group => group.ReadAvailableBytes());

    /// <summary>Processor seconds per second since the last reading; 0 for the first.</summary>
    private double ReadProcessorLoad()
    {
        var now = (At: _time.GetTimestamp(), ProcessorSeconds: ReadProcessorSeconds());
        var before = _last;
        _last = now;
        var seconds = before is { } reading ? _time.GetElapsedTime(reading.At, now.At).TotalSeconds : 0;
        return seconds > 0 ? Math.Max(0, (now.ProcessorSeconds - before!.Value.ProcessorSeconds) / seconds) : 0;
    }

    private double ReadProcessorSeconds()
    {
        // The command's name, in brackets, may hold spaces; counted from behind it, user and system time are fields 12 and 13.
        var text = _processorTime.Read();
        var fields = text[(text.LastIndexOf((byte)')') + 1)..];
        return SensorFile.Field(fields, 11) is { } user && SensorFile.Field(fields, 12) is { } system
            ? (user + system) / TicksPerSecond
            : Environment.CpuUsage.TotalTime.TotalSeconds;
    }

    /// <summary>Memory of one cgroup.</summary>
    private sealed class GroupMemory(ControlGroup group)
    {
        private readonly SensorFile _limit = new(group.PathOf(group.IsVersion1 ? "memory.limit_in_bytes" : "memory.max"));
        private readonly SensorFile _used = new(group.PathOf(group.IsVersion1 ? "memory.usage_in_bytes" : "memory.current"));
        private readonly SensorFile _details = new(group.PathOf("memory.stat"));

        /// <summary>What it leaves; null without a limit. Cached file pages that nobody uses count as free.</summary>
        public long? ReadAvailableBytes()
        {
            if (_limit.ReadNumber() is not { } limit || _used.ReadNumber() is not { } used)
                return null;
            var unused = _details.ReadNumber(group.IsVersion1 ? "total_inactive_file "u8 : "inactive_file "u8) ?? 0;
            return Math.Max(0, limit - used + unused);
        }
    }
}
