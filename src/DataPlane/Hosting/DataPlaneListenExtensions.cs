using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using OrleansInference.DataPlane.Connections;

namespace OrleansInference.DataPlane.Hosting;

public static class DataPlaneListenExtensions
{
    /// <summary>Listens for the data plane where <c>DataPlane:Listen</c> says.</summary>
    public static void ListenDataPlane(this KestrelServerOptions options) => throw new NotImplementedException(options.ToString());

    /// <summary>Speaks the data plane on an endpoint of Kestrel.</summary>
    /// <exception cref="InvalidOperationException">The address is not loopback, and the connections are not encrypted.</exception>
    public static ListenOptions UseDataPlane(this ListenOptions options)
    {
        options.UseConnectionHandler<DataPlaneConnectionHandler>();
        return options;
    }
}
