using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using OrleansInference.Grains.Devices;

namespace OrleansInference.Grains.Tests.Fakes;

internal static class Silos
{
    public static SiloAddress Address(int number) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 10_000 + number), number);

    public static DeviceProfile Profile(
        string name, long memoryBytes = 1000, double bandwidth = 10, string accelerator = "none", string zone = "home") =>
        new(name, "box", zone, memoryBytes, bandwidth, Threads: 1, accelerator);

    public static DeviceRegistration Registration(int number, DeviceProfile profile) =>
        new(profile, Address(number), $"silo-{number}", 4_000 + number, $"127.0.0.1:{5_000 + number}");

    public static DeviceReport Report(int number, DeviceProfile profile) =>
        new(Registration(number, profile), new DeviceReadings(DateTimeOffset.UnixEpoch, 1, 2, 0.5));

    /// <summary>Labels as the host would carry them.</summary>
    public static SiloMetadata Metadata(IEnumerable<KeyValuePair<string, string>> labels)
    {
        var builder = new Builder();
        builder.UseSiloMetadata(new Dictionary<string, string>(labels));
        return builder.Services.BuildServiceProvider().GetRequiredService<IOptions<SiloMetadata>>().Value;
    }

    private sealed class Builder : ISiloBuilder
    {
        public IServiceCollection Services { get; } = new ServiceCollection().AddOptions();

        public IConfiguration Configuration { get; } = new ConfigurationBuilder().Build();
    }
}
