using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OrleansInference.DataPlane.Connections;

namespace OrleansInference.DataPlane.Hosting;

public static class DataPlaneServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="DataPlaneConnector"/> and <see cref="DataPlaneOptions"/>. A process that listens also registers its
    /// <see cref="IDataPlaneAcceptor"/>; one that speaks to other machines its <see cref="IConnectionSecurity"/>.
    /// </summary>
    public static IServiceCollection AddDataPlane(this IServiceCollection services)
    {
        services.AddOptions<DataPlaneOptions>().BindConfiguration(DataPlaneOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IConnectionSecurity, PlainConnectionSecurity>();
        services.TryAddSingleton<DataPlaneConnector>();
        return services;
    }
}
