using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace OrleansInference.Embedded.Storage;

internal static class MemoryGrainStorage
{
    internal static void AddTo(IServiceCollection services, string name, Action<OptionsBuilder<MemoryGrainStorageOptions>>? configure) =>
        throw new NotImplementedException();
}
