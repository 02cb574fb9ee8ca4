using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;
using OrleansInference.Grains.Devices;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.Silo.Devices;

/// <summary>Offers the device to the cluster once the data plane listens, and tries again until the cluster has taken it.</summary>
internal sealed partial class DeviceRegistrationService(
    IGrainFactory grains, ILocalSiloDetails silo, IOptions<DeviceOptions> options, DataPlaneAddress address,
    IHostApplicationLifetime lifetime, TimeProvider time, ILogger<DeviceRegistrationService> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await StartedAsync(stoppingToken);
        var profile = options.Value.ToProfile();
        if (profile.Threads > UsableProcessors.Count)
            LogTooManyThreads(profile.Threads, UsableProcessors.Count);
        var registration = new DeviceRegistration(profile, silo.SiloAddress, silo.Name, Environment.ProcessId, address.Endpoint);
        var pause = TimeSpan.FromSeconds(options.Value.RegistrationRetrySeconds);
        string? logged = null;
        while (await TryRegisterAsync(registration) is { } refusal)
        {
            // A name that another silo has may stay refused for as long as that one lives.
            if (refusal != logged)
                LogRefused(profile.Name, logged = refusal);
            await Task.Delay(pause, time, stoppingToken);
        }
        LogRegistered(profile.Name, profile.Class, profile.MemoryBytes, address.Endpoint);
    }

    /// <returns>Why the cluster has not taken it; null when it has.</returns>
    private async Task<string?> TryRegisterAsync(DeviceRegistration registration)
    {
        try
        {
            await grains.GetGrain<IDeviceHealthGrain>(registration.Profile.Name).RegisterAsync(registration);
            return null;
        }
        catch (Exception exception)
        {
            return exception.Message;
        }
    }

    private async Task StartedAsync(CancellationToken cancellation)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        await started.Task.WaitAsync(cancellation);
    }

    [LoggerMessage(51, LogLevel.Information, "Device {Device} ({Class}, {MemoryBytes} bytes for models) is offered at {Endpoint}.")]
    private partial void LogRegistered(string device, string @class, long memoryBytes, string endpoint);

    [LoggerMessage(52, LogLevel.Warning, "Device {Device} could not be registered yet: {Reason}")]
    private partial void LogRefused(string device, string reason);

    [LoggerMessage(
        53, LogLevel.Warning,
        "Device:Threads is {Threads}, but this process may use {ProcessorCount} processors: the threads of a stage wait for each other at "
        + "every tensor, so more of them than processors are much slower. Set Device:Threads to {ProcessorCount} or less, or leave it "
        + "out.")]
    private partial void LogTooManyThreads(int threads, int processorCount);
}
