using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;

namespace OrleansInference.Embedded.Hosting;

internal static class EmbeddedSilo
{
    internal static ISiloBuilder AddTo(IServiceCollection services, IConfiguration configuration) => throw new NotImplementedException();
}
