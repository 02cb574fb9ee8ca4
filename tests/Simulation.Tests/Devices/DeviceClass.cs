using OrleansInference.Grains.Devices;

namespace OrleansInference.Simulation.Tests.Devices;

/// <summary>
/// What a kind of device costs and how it heats up. Bandwidth, watts and throttling temperatures are vendors' and published figures;
/// efficiency and prompt speed are fitted to published token rates (DeviceClassTests names them); (e) marks an estimate. What is
/// computed from them is simulated, not measured.
/// </summary>
/// <param name="BandwidthGigabytesPerSecond">Peak of the memory.</param>
/// <param name="Efficiency">Share of the peak that decoding one sequence reaches.</param>
/// <param name="PromptGigabytesPerSecond">Weights times rows that a prompt computes in a second: tokens per second × gigabytes of the model.</param>
/// <param name="Accelerator">As a device's profile has it.</param>
internal sealed record DeviceClass(
    string Name, double BandwidthGigabytesPerSecond, double Efficiency, double PromptGigabytesPerSecond, string Accelerator, HeatProfile Heat)
{
    // 11–13 W; soft throttle at 80 °C, hard at 85 °C, to 1.5 and 1.0 of 2.4 GHz (e). C and R without cooling are such that full load
    // takes it from idle to 80 °C in between three and four minutes; with a fan it settles at 55 °C (e).
    public static readonly DeviceClass Pi5 = new("pi-5", 17, 0.6, 26, "none", new HeatProfile(
        CapacityJoulesPerKelvin: 29, CooledKelvinPerWatt: 2.5, EnclosedKelvinPerWatt: 6, IdleWatts: 3, BusyWatts: 12,
        [new ThrottleStep(80, 0.63), new ThrottleStep(85, 0.42)]));

    public static readonly DeviceClass OrinNano = Jetson("jetson-orin-nano", 102, 0.84, 500, idleWatts: 5, busyWatts: 25);

    public static readonly DeviceClass OrinNx = Jetson("jetson-orin-nx", 102, 0.33, 860, idleWatts: 6, busyWatts: 25);

    public static readonly DeviceClass OrinAgx = Jetson("jetson-agx-orin", 204.8, 0.6, 2_000, idleWatts: 10, busyWatts: 60);

    public static readonly DeviceClass Rtx3090 = Card("rtx-3090", 936, 0.6, 19_800, idleWatts: 25, busyWatts: 350);

    public static readonly DeviceClass Rtx4090 = Card("rtx-4090", 1_008, 0.6, 35_100, idleWatts: 20, busyWatts: 450);

    public static readonly DeviceClass A100 = Card("a100-80gb", 2_039, 0.25, 16_900, idleWatts: 50, busyWatts: 400);

    public static readonly DeviceClass H100 = Card("h100-pcie", 2_000, 0.25, 24_000, idleWatts: 50, busyWatts: 350);

    public static IReadOnlyList<DeviceClass> All { get; } = [Pi5, OrinNano, OrinNx, OrinAgx, Rtx3090, Rtx4090, A100, H100];

    /// <summary>Bandwidth that decoding reaches, which is what a device's profile says.</summary>
    public double DecodeGigabytesPerSecond => BandwidthGigabytesPerSecond * Efficiency;

    public static DeviceClass Of(DeviceProfile profile) => All.Single(known => known.Name == profile.Class);

    /// <summary>Seconds that a cool device takes for rows over weights: as fast as memory brings the weights, or as it can compute.</summary>
    public double Seconds(long bytes, int rows) =>
        bytes / 1e9 * Math.Max(1 / DecodeGigabytesPerSecond, rows / PromptGigabytesPerSecond);

    // Passive throttling at 95 °C. In a closed cabinet one went from 12 ms to 90 ms for an inference; cabinet and time constant (e).
    private static DeviceClass Jetson(string name, double bandwidth, double efficiency, double prompt, double idleWatts, double busyWatts) =>
        new(name, bandwidth, efficiency, prompt, "cuda", new HeatProfile(
            CapacityJoulesPerKelvin: 2_500 / busyWatts, CooledKelvinPerWatt: 45 / busyWatts, EnclosedKelvinPerWatt: 95 / busyWatts, idleWatts,
            busyWatts, [new ThrottleStep(95, 12 / 90.0)]));

    // Where cards throttle is not published with the rest; in a ventilated rack they do not get there (e).
    private static DeviceClass Card(string name, double bandwidth, double efficiency, double prompt, double idleWatts, double busyWatts) =>
        new(name, bandwidth, efficiency, prompt, "cuda", new HeatProfile(
            CapacityJoulesPerKelvin: 3_500 / busyWatts, CooledKelvinPerWatt: 50 / busyWatts, EnclosedKelvinPerWatt: 55 / busyWatts, idleWatts,
            busyWatts, []));
}
