using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace OrleansInference.Silo.Stages;

/// <summary>Where this silo's data plane listens.</summary>
internal sealed class DataPlaneAddress(IServer server)
{
    /// <summary>host:port; empty until the data plane listens.</summary>
    public string Endpoint =>
        server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() is { } address && Uri.TryCreate(address, UriKind.Absolute, out var uri)
            ? $"{uri.Host}:{uri.Port}"
            : "";
}
