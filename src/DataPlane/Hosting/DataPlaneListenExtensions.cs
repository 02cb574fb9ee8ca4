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
    /// <exception cref="InvalidOperationException">
    /// The address is not loopback, and connections are not encrypted; or it is every address, and none is advertised.
    /// </exception>
    public static void ListenDataPlane(this KestrelServerOptions options)
    {
        var dataPlane = options.ApplicationServices.GetRequiredService<IOptions<DataPlaneOptions>>().Value;
        var endpoint = IPEndPoint.Parse(dataPlane.Listen);
        options.Listen(endpoint, listen => listen.UseDataPlane());
        if (dataPlane.Advertise is null && (endpoint.Address.Equals(IPAddress.Any) || endpoint.Address.Equals(IPAddress.IPv6Any)))
        {
            throw new InvalidOperationException(
                $"{DataPlaneOptions.Section}:{nameof(DataPlaneOptions.Advertise)} is missing: {endpoint} is every address of this machine, "
                + "so name the one that the others reach it by, such as pi5.lan:5100.");
        }
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
