using OrleansInference.Grains.Devices;

namespace OrleansInference.Simulation.Tests.Devices;

/// <summary>A machine: what it can hold, how fast it computes, how hot it is. It outlives the silos that run on it.</summary>
internal sealed class SimulatedDevice(DeviceProfile profile)
{
    private const double LoadBytesPerSecond = 0.4e9;

    private readonly DeviceClass _class = DeviceClass.Of(profile);
    private readonly Dictionary<object, long> _held = [];
    private TimeSpan _freeAt;
    private TimeSpan _worked;

    public DeviceProfile Profile => profile;

    public string Name => profile.Name;

    public ThermalModel Thermal { get; } = new(DeviceClass.Of(profile).Heat);

    /// <summary>Bytes that slices and their KV cells take at the moment.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>More memory is held than before.</summary>
    public Action<SimulatedDevice>? Filled { get; set; }

    /// <summary>How long reading a slice takes.</summary>
    public static TimeSpan LoadTime(long bytes) => TimeSpan.FromSeconds(bytes / LoadBytesPerSecond);

    /// <summary>Computes rows over this many bytes of weights, after what was asked for before; returns when that is done.</summary>
    public TimeSpan Compute(TimeSpan now, long bytes, int rows)
    {
        var start = now > _freeAt ? now : _freeAt;
        var speed = Thermal.SpeedAt(start);
        _freeAt = start + TimeSpan.FromSeconds(_class.Seconds(bytes, rows) / speed);
        _worked += _freeAt - start;
        Thermal.NoteWork(start, _freeAt, speed);
        return _freeAt;
    }

    /// <summary>Whether the sensors answer. As long as they do not, the cluster hears nothing of the device, though its silo lives.</summary>
    public bool IsSilent { get; set; }

    public void Hold(object holder, long bytes)
    {
        _held.Add(holder, bytes);
        HeldBytes += bytes;
        Filled?.Invoke(this);
    }

    public void Free(object holder)
    {
        if (_held.Remove(holder, out var bytes))
            HeldBytes -= bytes;
    }

    /// <summary>The silo's process is gone, and with it all that it held.</summary>
    public void Reset()
    {
        _held.Clear();
        HeldBytes = 0;
    }

    public DeviceReadings Read(DateTimeOffset at, TimeSpan now) => new(
        at, HeldBytes, profile.MemoryBytes - HeldBytes, now > TimeSpan.Zero ? Math.Round(_worked / now, 6) * profile.Threads : 0);
}

/// <summary>The sensors of a silo's device.</summary>
internal sealed class SimulatedSensors(SimulatedDevice device, TimeProvider time, Func<TimeSpan> now) : IDeviceSensors
{
    public DeviceReadings Read() => device.IsSilent
        ? throw new TimeoutException($"The sensors of {device.Name} do not answer.")
        : device.Read(time.GetUtcNow(), now());
}
