using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Models;

namespace OrleansInference.Grains.Tests.Fakes;

internal sealed class FakeSensors(TimeProvider time) : IDeviceSensors
{
    public DeviceReadings Read() => new(time.GetUtcNow(), ResidentBytes: 1, AvailableBytes: 2, ProcessorLoad: 0.5);
}

/// <summary>As the exceptions of stores, engines and connections are: without a serializer, so that no grain call can carry it.</summary>
public sealed class UnsendableException(string message) : Exception(message);

internal sealed class FakeCatalog(FakeWorld world, string device) : IModelCatalog
{
    public Task<ModelProfile> GetProfileAsync(string model, CancellationToken cancellation) => world.StoreFault is { } fault
        ? throw new UnsendableException(fault)
        : device != world.DeviceWithoutModels && world.Models.TryGetValue(model, out var profile)
        ? Task.FromResult(profile)
        : throw new ModelNotFoundException($"The store has no model named {model}.");
}
