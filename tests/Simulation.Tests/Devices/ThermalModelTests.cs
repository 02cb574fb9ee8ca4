namespace OrleansInference.Simulation.Tests.Devices;

public sealed class ThermalModelTests
{
    // R·C = 100 s; idle settles at 30 °C, busy at 25 + 2 × 30 = 85 °C.
    private readonly ThermalModel _model = new(capacityJoulesPerKelvin: 50, resistanceKelvinPerWatt: 2, idleWatts: 2.5, busyWatts: 30);

    [Fact]
    public void Temperature_WhenIdle_StaysWhereItIs() => _model.CelsiusAt(TimeSpan.FromHours(1)).ShouldBe(30, 0.001);

    [Fact]
    public void Temperature_WhenBusy_FollowsTheExponential()
    {
        _model.NoteWork(TimeSpan.Zero, TimeSpan.FromSeconds(100));

        _model.CelsiusAt(TimeSpan.FromSeconds(100)).ShouldBe(85 - 55 * Math.Exp(-1), 0.001);
    }

    [Fact]
    public void Temperature_WhenLookedAtOften_IsTheSame()
    {
        for (var second = 0; second < 100; second++)
            _model.NoteWork(TimeSpan.FromSeconds(second), TimeSpan.FromSeconds(second + 1));

        _model.CelsiusAt(TimeSpan.FromSeconds(100)).ShouldBe(85 - 55 * Math.Exp(-1), 0.001);
    }

    [Fact]
    public void Speed_WhenHot_Halves()
    {
        _model.SpeedAt(TimeSpan.Zero).ShouldBe(1);

        _model.NoteWork(TimeSpan.Zero, TimeSpan.FromSeconds(600));

        _model.SpeedAt(TimeSpan.FromSeconds(600)).ShouldBe(0.5);
    }
}
