namespace OrleansInference.Simulation.Tests.Devices;

public sealed class ThermalModelTests
{
    private const long InferenceBytes = 1_000_000;

    // R·C = 100 s; idle settles at 30 °C, busy at 25 + 2 × 30 = 85 °C.
    private readonly ThermalModel _model = new(new HeatProfile(50, 2, 6, IdleWatts: 2.5, BusyWatts: 30, [new ThrottleStep(80, 0.5)]));

    [Fact]
    public void Temperature_WhenIdle_StaysWhereItIs() => _model.CelsiusAt(TimeSpan.FromHours(1)).ShouldBe(30, 0.001);

    [Fact]
    public void Temperature_WhenBusy_FollowsTheExponential()
    {
        _model.NoteWork(TimeSpan.Zero, TimeSpan.FromSeconds(100), speed: 1);

        _model.CelsiusAt(TimeSpan.FromSeconds(100)).ShouldBe(85 - 55 * Math.Exp(-1), 0.001);
    }

    [Fact]
    public void Temperature_WhenLookedAtOften_IsTheSame()
    {
        for (var second = 0; second < 100; second++)
            _model.NoteWork(TimeSpan.FromSeconds(second), TimeSpan.FromSeconds(second + 1), speed: 1);

        _model.CelsiusAt(TimeSpan.FromSeconds(100)).ShouldBe(85 - 55 * Math.Exp(-1), 0.001);
    }

    [Fact]
    public void Speed_WhenHot_HalvesUntilItHasCooledByFiveDegrees()
    {
        _model.SpeedAt(TimeSpan.Zero).ShouldBe(1);
        _model.NoteWork(TimeSpan.Zero, TimeSpan.FromSeconds(600), speed: 1);

        _model.SpeedAt(TimeSpan.FromSeconds(600)).ShouldBe(0.5);
        // 30 + 54.9 × exp(−t/100) is 76 °C after 17.7 s, and below 75 °C after 19.9 s.
        _model.SpeedAt(TimeSpan.FromSeconds(617.7)).ShouldBe(0.5);
        _model.SpeedAt(TimeSpan.FromSeconds(621)).ShouldBe(1);
        _model.Throttlings.ShouldBe(1);
    }

    [Fact]
    public void Pi5_WithoutCooling_ReachesEightyDegreesInAFewMinutesOfFullLoad() =>
        ThrottlesAfter(Full(DeviceClass.Pi5, isEnclosed: true)).ShouldBeInRange(TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5));

    [Fact]
    public void Pi5_WithItsFan_DoesNotThrottle() => Full(DeviceClass.Pi5, isEnclosed: false).ShouldAllBe(static one => one.Speed == 1);

    [Theory]
    [InlineData("jetson-orin-nano")]
    [InlineData("jetson-orin-nx")]
    [InlineData("jetson-agx-orin")]
    public void Jetson_InAClosedCabinet_TakesNinetyMillisecondsForAnInferenceOfTwelve(string name)
    {
        var inferences = Full(DeviceClass.All.Single(known => known.Name == name), isEnclosed: true);

        (12 / inferences[0].Speed).ShouldBe(12, 0.001);
        (12 / inferences.Min(static one => one.Speed)).ShouldBe(90, 0.001);
        ThrottlesAfter(inferences).ShouldBeInRange(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void Device_WhenItThrottles_ComputesAsMuchLonger()
    {
        var device = new SimulatedDevice(Worlds.Scenario.Device("jetson", 1, DeviceClass.OrinNano));
        var cool = device.Compute(TimeSpan.Zero, InferenceBytes, rows: 1);
        device.Thermal.Enclose(cool, isEnclosed: true, ambientCelsius: 120);
        var later = TimeSpan.FromMinutes(30);

        (device.Compute(later, InferenceBytes, rows: 1) - later).TotalSeconds.ShouldBe(cool.TotalSeconds * 90 / 12, 1e-6);
    }

    private static TimeSpan ThrottlesAfter(List<(TimeSpan At, double Speed)> work) => work.First(static one => one.Speed < 1).At;

    // Half an hour of nothing but work.
    private static List<(TimeSpan At, double Speed)> Full(DeviceClass device, bool isEnclosed)
    {
        var thermal = new ThermalModel(device.Heat);
        thermal.CelsiusAt(TimeSpan.FromHours(1));
        thermal.Enclose(TimeSpan.FromHours(1), isEnclosed);
        var work = new List<(TimeSpan At, double Speed)>();
        for (var second = 0; second < 1_800; second++)
        {
            var now = TimeSpan.FromHours(1) + TimeSpan.FromSeconds(second);
            var speed = thermal.SpeedAt(now);
            work.Add((TimeSpan.FromSeconds(second), speed));
            thermal.NoteWork(now, now + TimeSpan.FromSeconds(1), speed);
        }
        return work;
    }
}
