using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.Silo.Stages;

/// <summary>Where this silo's data plane is reached. Asks for the server late: what the server is made of asks for this.</summary>
internal sealed class DataPlaneAddress(IServiceProvider services, IOptions<DataPlaneOptions> options)
{
    /// <summary>host:port; empty until the data plane listens.</summary>
    public string Endpoint
    {
        get
        {
            if (options.Value.Advertise is { } advertised)
                return advertised;

            var address = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault();
            return Uri.TryCreate(address, UriKind.Absolute, out var uri) ? $"{uri.Host}:{uri.Port}" : "";
        }
    }
}
