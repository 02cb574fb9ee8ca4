using System.Net;
using System.Net.Sockets;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Clusters;

/// <summary>Where a gateway is to listen.</summary>
internal static class ListenEndpoint
{
    /// <summary>The endpoint itself if it can be listened on, with a free port in place of port 0.</summary>
    /// <exception cref="UserErrorException">Another program listens there, or the address is not this machine's.</exception>
    public static IPEndPoint Claim(IPEndPoint http)
    {
        try
        {
            using var listener = new TcpListener(http);
            listener.Start();
            return (IPEndPoint)listener.LocalEndpoint;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new UserErrorException($"{http} is in use by another program. Stop that, or choose another with --http (./start --port N).");
        }
        catch (SocketException e)
        {
            throw new UserErrorException($"{http} cannot be listened on: {e.Message}. Choose another with --http.");
        }
    }

    /// <summary>Where a client on this machine reaches what listens there.</summary>
    public static IPEndPoint Reachable(IPEndPoint http) =>
        http.Address.Equals(IPAddress.Any) ? new(IPAddress.Loopback, http.Port)
        : http.Address.Equals(IPAddress.IPv6Any) ? new(IPAddress.IPv6Loopback, http.Port)
        : http;
}
