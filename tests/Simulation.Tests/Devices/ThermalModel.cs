namespace OrleansInference.Simulation.Tests.Devices;

/// <summary>
/// Temperature of a device, of first order: C·dT/dt = P − (T − ambient)/R. Solved exactly between changes of power, so that it costs
/// nothing while nobody looks.
/// </summary>
/// <param name="capacityJoulesPerKelvin">C.</param>
/// <param name="resistanceKelvinPerWatt">R.</param>
internal sealed class ThermalModel(double capacityJoulesPerKelvin, double resistanceKelvinPerWatt, double idleWatts, double busyWatts)
{
    private TimeSpan _at;
    private double _celsius = 25 + idleWatts * resistanceKelvinPerWatt;

    /// <summary>Around the device.</summary>
    public double AmbientCelsius { get; private set; } = 25;

    public double ThrottleCelsius { get; } = 80;

    public double CriticalCelsius { get; } = 95;

    /// <summary>Temperature now, or when the work that was noted will have ended.</summary>
    public double CelsiusAt(TimeSpan now)
    {
        Advance(now, idleWatts);
        return _celsius;
    }

    /// <summary>The device works from one time to another.</summary>
    public void NoteWork(TimeSpan from, TimeSpan until)
    {
        Advance(from, idleWatts);
        Advance(until, busyWatts);
    }

    public void SetAmbient(TimeSpan now, double celsius)
    {
        Advance(now, idleWatts);
        AmbientCelsius = celsius;
    }

    /// <summary>What heat leaves of the speed.</summary>
    public double SpeedAt(TimeSpan now)
    {
        var celsius = CelsiusAt(now);
        return celsius >= CriticalCelsius ? 0.25 : celsius >= ThrottleCelsius ? 0.5 : 1;
    }

    // Rounded to a millionth of a degree, so that the last bits of exp decide nothing.
    private void Advance(TimeSpan until, double watts)
    {
        if (until <= _at)
            return;
        var settled = AmbientCelsius + watts * resistanceKelvinPerWatt;
        var share = Math.Exp(-(until - _at).TotalSeconds / (resistanceKelvinPerWatt * capacityJoulesPerKelvin));
        _celsius = Math.Round(settled + (_celsius - settled) * share, 6);
        _at = until;
    }
}
