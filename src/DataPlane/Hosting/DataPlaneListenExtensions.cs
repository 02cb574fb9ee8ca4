using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Connections;

namespace OrleansInference.DataPlane.Hosting;

public static class DataPlaneListenExtensions
{
    /// <summary>Listens for the data plane where <see cref="DataPlaneOptions.Listen"/> says.</summary>
    /// <exception cref="OptionsValidationException">The options are not valid.</exception>
    /// <exception cref="InvalidOperationException">The address is not loopback, and connections are not encrypted.</exception>
    public static void ListenDataPlane(this KestrelServerOptions options)
    {
        var dataPlane = options.ApplicationServices.GetRequiredService<IOptions<DataPlaneOptions>>().Value;
        options.Listen(IPEndPoint.Parse(dataPlane.Listen), listen => listen.UseDataPlane());
    }

    /// <summary>Speaks the data plane on an endpoint of Kestrel.</summary>
    /// <exception cref="InvalidOperationException">The address is not loopback, and connections are not encrypted.</exception>
    public static ListenOptions UseDataPlane(this ListenOptions options)
    {
        var security = options.ApplicationServices.GetRequiredService<IConnectionSecurity>();
        if (!security.IsEncrypted && options.IPEndPoint is { } endpoint && !Endpoint.IsLoopback(endpoint.Address))
        {
            throw new InvalidOperationException(
                $"The data plane may not listen on {endpoint}: without encryption only loopback is allowed, "
                + $"such as 127.0.0.1:{endpoint.Port}.");
        }

        options.UseConnectionHandler<DataPlaneConnectionHandler>();
        return options;
    }
}
