using System.Net;
using Microsoft.Extensions.Options;

namespace OrleansInference.DataPlane.Hosting;

/// <summary>Where this process' data plane is reached.</summary>
public sealed class DataPlaneAddress(IOptions<DataPlaneOptions> options)
{
    private volatile IPEndPoint? _listening;

    /// <summary>host:port; empty until the data plane listens, unless it is advertised.</summary>
    public string Endpoint => options.Value.Advertise ?? _listening?.ToString() ?? "";

    internal void Set(IPEndPoint listening) => _listening = listening;
}
