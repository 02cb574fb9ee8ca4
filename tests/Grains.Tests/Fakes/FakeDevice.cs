using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Models;

namespace OrleansInference.Grains.Tests.Fakes;

internal sealed class FakeSensors(TimeProvider time) : IDeviceSensors
{
    public DeviceReadings Read() => new(time.GetUtcNow(), ResidentBytes: 1, AvailableBytes: 2, ProcessorLoad: 0.5);
}

internal sealed class FakeCatalog(FakeWorld world) : IModelCatalog
{
    public Task<ModelProfile> GetProfileAsync(string model, CancellationToken cancellation) =>
        world.Models.TryGetValue(model, out var profile)
        ? Task.FromResult(profile)
        : throw new ModelNotFoundException($"The store has no model named {model}.");
}
