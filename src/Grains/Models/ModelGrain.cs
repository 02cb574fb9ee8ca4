using Orleans;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Placement;

namespace OrleansInference.Grains.Models;

/// <summary>Reads a model's profile once: from its own silo's store, or else from that of any other device.</summary>
[DevicePlacement]
internal sealed class ModelGrain(IModelCatalog catalog, TimeProvider time) : Grain, IModelGrain
{
    private ModelProfile? _profile;

    public async Task<ModelProfile> GetProfileAsync() => _profile ??= await ReadAsync(this.GetPrimaryKeyString());

    private async Task<ModelProfile> ReadAsync(string model)
    {
        try
        {
            return await catalog.ReadAsync(model, time);
        }
        catch (Exception exception) when (exception is ModelNotFoundException or ModelUnreadableException)
        {
            return await ReadElsewhereAsync(model, exception);
        }
    }

    private async Task<ModelProfile> ReadElsewhereAsync(string model, Exception here)
    {
        var devices = await GrainFactory.GetGrain<IClusterGrain>(0).GetDevicesAsync();
        var answers = await Task.WhenAll(devices.Select(report => AskAsync(report.Registration.Profile.Name, model)));
        if (answers.FirstOrDefault(static answer => answer.Profile is not null).Profile is { } profile)
            return profile;
        // That no store has it may only be said when all have been looked at.
        var failures = answers.Select(static answer => answer.Failure!).Prepend(here);
        throw failures.FirstOrDefault(static failure => failure is not ModelNotFoundException) ?? new ModelNotFoundException(
            $"{here.Message} None of the stores of {devices.Length} devices has it.");
    }

    private async Task<(ModelProfile? Profile, Exception? Failure)> AskAsync(string device, string model)
    {
        try
        {
            return (await GrainFactory.GetGrain<IDeviceHealthGrain>(device).ReadModelAsync(model), null);
        }
        catch (Exception exception) when (exception is ModelNotFoundException or ModelUnreadableException)
        {
            return (null, exception);
        }
        catch (Exception exception)
        {
            return (null, new DeviceUnavailableException($"Device {device}, which may have {model}, does not answer: {exception.Message}"));
        }
    }
}
