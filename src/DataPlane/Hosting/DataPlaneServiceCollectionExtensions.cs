using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Security;

namespace OrleansInference.DataPlane.Hosting;

public static class DataPlaneServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="DataPlaneConnector"/> and <see cref="DataPlaneOptions"/>. Connections are plain, on loopback only, unless
    /// <see cref="TlsOptions"/> are configured.
    /// </summary>
    public static IServiceCollection AddDataPlane(this IServiceCollection services)
    {
        services.AddOptions<DataPlaneOptions>().BindConfiguration(DataPlaneOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<TlsOptions>().BindConfiguration(TlsOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<IConnectionSecurity>(static provider =>
            provider.GetRequiredService<IOptions<TlsOptions>>() is { Value.IsConfigured: true } tls
                ? new TlsConnectionSecurity(tls)
                : new PlainConnectionSecurity());
        services.TryAddSingleton<Pulse>();
        services.TryAddSingleton<DataPlaneConnector>();
        return services;
    }

    /// <summary>
    /// Adds the data plane, listening where <see cref="DataPlaneOptions.Listen"/> says from the host's start to its end, and
    /// <see cref="DataPlaneAddress"/>. Whoever adds it registers the <see cref="IDataPlaneAcceptor"/>.
    /// </summary>
    public static IServiceCollection AddDataPlaneListener(this IServiceCollection services)
    {
        services.AddDataPlane();
        services.TryAddSingleton<DataPlaneAddress>();
        return services.AddHostedService<DataPlaneListener>();
    }
}
