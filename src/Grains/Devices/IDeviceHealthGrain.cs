using Orleans;

namespace OrleansInference.Grains.Devices;

/// <summary>One per silo that offers a device, on that silo. Key: the device's name.</summary>
[Alias("oinf.device")]
public interface IDeviceHealthGrain : IGrainWithStringKey
{
    /// <summary>Called by the silo when it starts; from then on the grain reads the sensors every second and reports to the cluster grain.</summary>
    [ResponseTimeout("00:00:05")]
    Task RegisterAsync(DeviceRegistration registration);

    [ResponseTimeout("00:00:02")]
    Task<DeviceReport> GetReportAsync();
}

/// <summary>The sensors of the silo's own device.</summary>
public interface IDeviceSensors
{
    DeviceReadings Read();
}
