using Orleans;
using Orleans.Runtime;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Placement;

namespace OrleansInference.Grains.Devices;

/// <summary>Reads the sensors every second and tells the cluster grain, which by that knows that the device lives.</summary>
[DeviceLocalPlacement]
internal sealed partial class DeviceHealthGrain(
    IDeviceSensors sensors, IModelCatalog catalog, ILocalSiloDetails silo, TimeProvider time, ILogger<DeviceHealthGrain> logger)
    : Grain, IDeviceHealthGrain
{
    private static readonly TimeSpan ReportPeriod = TimeSpan.FromSeconds(1);

    private DeviceRegistration? _registration;
    private IGrainTimer? _timer;

    public async Task RegisterAsync(DeviceRegistration registration)
    {
        var name = this.GetPrimaryKeyString();
        if (!string.Equals(registration.Profile.Name, name, StringComparison.Ordinal))
            throw new ArgumentException($"Device {name} cannot be registered as {registration.Profile.Name}.");
        if (string.IsNullOrWhiteSpace(registration.DataPlaneEndpoint))
            throw new ArgumentException($"Device {name} has no data plane endpoint; host:port is expected.");
        // The grain is on the silo that offered the device first.
        if (!registration.Silo.Equals(silo.SiloAddress))
            throw new DeviceUnavailableException(
                $"Device {name} is already offered by silo {silo.SiloAddress}; give this one another Device:Name.");
        _registration = registration;
        _timer ??= this.RegisterGrainTimer(
            static self => self.ReportAsync(), this, new GrainTimerCreationOptions(ReportPeriod, ReportPeriod) { KeepAlive = true });
        await ReportAsync();
    }

    public Task<DeviceReport> GetReportAsync() => Task.FromResult(ReadReport());

    public Task<ModelProfile> ReadModelAsync(string model) => catalog.ReadAsync(model, time);

    private async Task ReportAsync()
    {
        try
        {
            await GrainFactory.GetGrain<IClusterGrain>(0).ReportDeviceAsync(ReadReport());
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException)
        {
            // The next report, a second later, finds the cluster grain in its new place.
            LogReportLost(logger, this.GetPrimaryKeyString(), exception.Message);
        }
    }

    private DeviceReport ReadReport() => _registration is null
        ? throw new DeviceUnavailableException($"Device {this.GetPrimaryKeyString()} has not registered.")
        : new DeviceReport(_registration, sensors.Read());

    [LoggerMessage(LogLevel.Information, "Device {Device} did not reach the cluster grain: {Reason}")]
    private static partial void LogReportLost(ILogger logger, string device, string reason);
}
