using Orleans;
using Orleans.Concurrency;
using OrleansInference.Grains.Models;

namespace OrleansInference.Grains.Devices;

/// <summary>One per silo that offers a device, on that silo. Key: the device's name.</summary>
[Alias("oinf.device")]
public interface IDeviceHealthGrain : IGrainWithStringKey
{
    /// <summary>
    /// Called by the silo when it has started; from then on the grain reads the sensors every second and reports to the cluster
    /// grain. Registering again replaces what was registered, but only from the same silo.
    /// </summary>
    /// <exception cref="ArgumentException">The registration is of another device, or names no endpoint.</exception>
    /// <exception cref="DeviceUnavailableException">
    /// No living silo carries the device's label, or several do and this one is not the first; it may try until it is.
    /// </exception>
    [ResponseTimeout("00:00:05")]
    Task RegisterAsync(DeviceRegistration registration);

    /// <exception cref="DeviceUnavailableException">The device has not registered.</exception>
    [AlwaysInterleave]
    [ResponseTimeout("00:00:02")]
    Task<DeviceReport> GetReportAsync();

    /// <summary>Reads a model's profile from the store of the device's silo.</summary>
    /// <exception cref="ModelNotFoundException">The store does not have the model.</exception>
    /// <exception cref="ModelUnreadableException">The store cannot read it; the message says why.</exception>
    [AlwaysInterleave]
    [ResponseTimeout("00:00:05")]
    Task<ModelProfile> ReadModelAsync(string model);
}

/// <summary>The sensors of the silo's own device. Reading takes microseconds: it happens in a grain's turn.</summary>
public interface IDeviceSensors
{
    DeviceReadings Read();
}
