using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace OrleansInference.Silo.Stages;

/// <summary>Where this silo's data plane listens. Asks for the server late: what the server is made of asks for this.</summary>
internal sealed class DataPlaneAddress(IServiceProvider services)
{
    /// <summary>host:port; empty until the data plane listens.</summary>
    public string Endpoint
    {
        get
        {
            var address = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault();
            return Uri.TryCreate(address, UriKind.Absolute, out var uri) ? $"{uri.Host}:{uri.Port}" : "";
        }
    }
}
