using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace OrleansInference.DataPlane.Connections;

/// <summary>Where a data plane listens, as people write it: host:port, with an IPv6 address in brackets.</summary>
internal sealed record Endpoint(string Host, int Port)
{
    /// <summary>By the name alone, without asking anyone.</summary>
    public bool IsOnThisMachine => IPAddress.TryParse(Host, out var address)
        ? IsLoopback(address) : Host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    public static bool TryParse(string text, [NotNullWhen(true)] out Endpoint? endpoint)
    {
        endpoint = null;
        var colon = text.LastIndexOf(':');
        if (colon <= 0)
            return false;
        if (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
            return false;
        var host = text[..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
            host = host[1..^1];
        else if (host.Contains(':', StringComparison.Ordinal))
            return false;
        endpoint = new Endpoint(host, port);
        return true;
    }

    public async ValueTask<IPAddress[]> ResolveAsync(CancellationToken cancellation)
    {
        IPAddress[] addresses = IPAddress.TryParse(Host, out var address) ? [address] : await Dns.GetHostAddressesAsync(Host, cancellation);
        return [.. addresses.Select(Plain)];
    }

    public static bool IsLoopback(IPAddress address) => IPAddress.IsLoopback(Plain(address));

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
