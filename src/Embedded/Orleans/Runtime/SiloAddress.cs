using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Runtime;

/// <summary>One run of one silo, written address:port@generation. Never used twice.</summary>
[JsonConverter(typeof(SiloAddressConverter))]
public sealed class SiloAddress : IEquatable<SiloAddress>, IComparable<SiloAddress>
{
    // Every frame and every call looks silos up.
    private readonly int _hashCode;

    private SiloAddress(IPEndPoint endpoint, int generation)
    {
        Endpoint = endpoint;
        Generation = generation;
        _hashCode = HashCode.Combine(endpoint, generation);
    }

    public static SiloAddress Zero { get; } = New(IPAddress.Any, 0, 0);

    public IPEndPoint Endpoint { get; }

    /// <summary>Later runs of a silo have larger generations.</summary>
    public int Generation { get; }

    public static SiloAddress New(IPEndPoint ep, int gen) => new(ep, gen);

    public static SiloAddress New(IPAddress address, int port, int generation) => new(new IPEndPoint(address, port), generation);

    public static SiloAddress FromParsableString(string addr) => TryParse(addr, out var result)
        ? result
        : throw new FormatException($"\"{addr}\" is no silo address: address:port@generation is expected.");

    public static bool TryParse([NotNullWhen(true)] string? value, [NotNullWhen(true)] out SiloAddress? result)
    {
        result = null;
        var at = value?.LastIndexOf('@') ?? -1;
        if (at < 0
            || !IPEndPoint.TryParse(value.AsSpan(0, at), out var endpoint)
            || !int.TryParse(value.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var generation))
            return false;
        result = new SiloAddress(endpoint, generation);
        return true;
    }

    public string ToParsableString() => string.Create(CultureInfo.InvariantCulture, $"{Endpoint}@{Generation}");

    public override string ToString() => $"S{Endpoint}:{Generation}";

    public bool Equals([NotNullWhen(true)] SiloAddress? other) =>
        ReferenceEquals(this, other)
        || (other is not null && Generation == other.Generation && _hashCode == other._hashCode && Endpoint.Equals(other.Endpoint));

    public override bool Equals(object? obj) => Equals(obj as SiloAddress);

    public override int GetHashCode() => _hashCode;

    public int CompareTo(SiloAddress? other)
    {
        if (other is null)
            return 1;
        var byGeneration = Generation.CompareTo(other.Generation);
        if (byGeneration != 0)
            return byGeneration;
        var byPort = Endpoint.Port.CompareTo(other.Endpoint.Port);
        return byPort != 0
            ? byPort
            : Endpoint.Address.GetAddressBytes().AsSpan().SequenceCompareTo(other.Endpoint.Address.GetAddressBytes());
    }
}

public sealed class SiloAddressConverter : JsonConverter<SiloAddress>
{
    public override SiloAddress? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        SiloAddress.TryParse(reader.GetString(), out var silo)
            ? silo
            : throw new JsonException("A silo address is written address:port@generation.");

    public override void Write(Utf8JsonWriter writer, SiloAddress value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToParsableString());
}
