using Microsoft.Extensions.DependencyInjection;
using OrleansInference.DataPlane.Connections;

namespace OrleansInference.DataPlane.Hosting;

public static class DataPlaneServiceCollectionExtensions
{
    /// <summary>Adds <see cref="DataPlaneConnector"/>. A process that listens also registers its <see cref="IDataPlaneAcceptor"/>.</summary>
    public static IServiceCollection AddDataPlane(this IServiceCollection services) => services.AddSingleton<DataPlaneConnector>();
}
