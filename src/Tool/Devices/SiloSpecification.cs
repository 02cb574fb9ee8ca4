using System.Globalization;
using System.Text.RegularExpressions;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Devices;

/// <summary>One silo that <c>oinf up</c> starts, written as PROFILE[:name=…,memory=…,threads=…,bandwidth=…,zone=…,accelerator=…].</summary>
/// <param name="Threads">Compute threads of a stage; null shares the machine's cores among the silos.</param>
/// <param name="Accelerator">The backend of llama.cpp whose GPUs compute, whatever GPU the profile stands for; none for the processor.</param>
internal sealed partial record SiloSpecification(
    DeviceClass Class, string Name, long MemoryBytes, double BandwidthGigabytesPerSecond, int? Threads, string Zone, string Accelerator)
{
    public const int MaximumThreads = 256;

    // What a silo takes: it would not start with more or less.
    private const long MinimumMemoryBytes = 1L << 20;
    private const long MaximumMemoryBytes = 1L << 50;
    private const double MinimumBandwidth = 0.01;
    private const double MaximumBandwidth = 100_000;
    private const string NoAccelerator = "none";

    /// <exception cref="UserErrorException">A profile that does not exist, an unknown setting or a bad value, named.</exception>
    public static SiloSpecification Parse(string text)
    {
        var (profile, settings) = text.Split(':', 2) is [var p, var s] ? (p, s) : (text, "");
        var device = DeviceClass.Find(profile)
            ?? throw new UserErrorException(
                $"There is no device profile '{profile}'. Profiles: {string.Join(", ", DeviceClass.All.Select(c => c.Name))}.");

        var silo = new SiloSpecification(device, profile, device.MemoryBytes, device.BandwidthGigabytesPerSecond, Threads: null, "local", NoAccelerator);
        foreach (var setting in settings.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            silo = silo.With(setting, text);
        return silo;
    }

    /// <summary>Parses all, and gives silos without a name of their own that share a profile the names profile, profile-2, …</summary>
    public static IReadOnlyList<SiloSpecification> ParseAll(IReadOnlyList<string> texts)
    {
        var silos = new List<SiloSpecification>(texts.Count);
        foreach (var text in texts)
        {
            var silo = Parse(text);
            var isNamed = silo.Name != silo.Class.Name;
            if (isNamed && silos.Any(other => other.Name == silo.Name))
                throw new UserErrorException($"Two silos are named '{silo.Name}'. Give each --silo a name of its own.");
            for (var number = 2; !isNamed && silos.Any(other => other.Name == silo.Name); number++)
                silo = silo with { Name = string.Create(CultureInfo.InvariantCulture, $"{silo.Class.Name}-{number}") };
            silos.Add(silo);
        }

        return silos;
    }

    private SiloSpecification With(string setting, string text)
    {
        var (key, value) = setting.Split('=', 2) is [var k, var v] ? (k, v) : (setting, "");
        return key switch
        {
            "name" when NamePattern().IsMatch(value) && value != "gateway" => this with { Name = value },
            "name" => throw Bad("a name of 1 to 32 letters, digits and hyphens, other than 'gateway'"),
            "memory" when ByteSize.TryParse(value, out var bytes) && bytes is >= MinimumMemoryBytes and <= MaximumMemoryBytes =>
                this with { MemoryBytes = bytes },
            "memory" => throw Bad("a size such as 10MB, 1.5GB or 512MiB, and at least 1MiB"),
            "threads" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var threads)
                && threads is >= 1 and <= MaximumThreads => this with { Threads = threads },
            "threads" => throw Bad($"a number from 1 to {MaximumThreads}"),
            "bandwidth" when double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var bandwidth)
                && bandwidth is >= MinimumBandwidth and <= MaximumBandwidth => this with { BandwidthGigabytesPerSecond = bandwidth },
            "bandwidth" => throw Bad("a number of gigabytes per second from 0.01 to 100000, such as 11.4"),
            "zone" when NamePattern().IsMatch(value) => this with { Zone = value },
            "zone" => throw Bad("a name of 1 to 32 letters, digits and hyphens"),
            "accelerator" when NamePattern().IsMatch(value) => this with { Accelerator = value },
            "accelerator" => throw Bad($"a backend of llama.cpp, such as cuda or vulkan, or {NoAccelerator}"),
            _ => throw new UserErrorException(
                $"--silo {text}: there is no setting '{key}'. Settings: name, memory, threads, bandwidth, zone, accelerator."),
        };

        UserErrorException Bad(string wanted) => new($"--silo {text}: {key} is '{value}', but must be {wanted}.");
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9-]{0,31}$")]
    private static partial Regex NamePattern();
}
