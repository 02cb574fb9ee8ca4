namespace OrleansInference.Simulation.Tests.Devices;

/// <summary>
/// Temperature of a device, of first order: C·dT/dt = P − (T − ambient)/R. Solved exactly between changes of power, so that it costs
/// nothing while nobody looks. A device that is too hot works slower, and so takes less power, until it has cooled by some degrees.
/// </summary>
internal sealed class ThermalModel
{
    private const double RoomCelsius = 25;
    private const double HysteresisKelvin = 5;

    private readonly HeatProfile _profile;
    private TimeSpan _at;
    private double _celsius;
    private double _ambient = RoomCelsius;
    private double _resistance;
    private int _step;

    public ThermalModel(HeatProfile profile)
    {
        (_profile, _resistance) = (profile, profile.CooledKelvinPerWatt);
        _celsius = RoomCelsius + profile.IdleWatts * _resistance;
    }

    /// <summary>How often the device began to throttle.</summary>
    public int Throttlings { get; private set; }

    /// <summary>Temperature now, or when the work that was noted will have ended.</summary>
    public double CelsiusAt(TimeSpan now)
    {
        Advance(now, _profile.IdleWatts);
        return _celsius;
    }

    /// <summary>The device works from one time to another at a share of its speed.</summary>
    public void NoteWork(TimeSpan from, TimeSpan until, double speed)
    {
        Advance(from, _profile.IdleWatts);
        Advance(until, _profile.IdleWatts + (_profile.BusyWatts - _profile.IdleWatts) * speed);
    }

    /// <summary>The device's cooling fails or comes back, and the air around it is another.</summary>
    public void Enclose(TimeSpan now, bool isEnclosed, double ambientCelsius = RoomCelsius)
    {
        Advance(now, _profile.IdleWatts);
        (_resistance, _ambient) = (isEnclosed ? _profile.EnclosedKelvinPerWatt : _profile.CooledKelvinPerWatt, ambientCelsius);
    }

    /// <summary>What heat leaves of the speed.</summary>
    public double SpeedAt(TimeSpan now)
    {
        var celsius = CelsiusAt(now);
        var before = _step;
        while (_step < _profile.Throttle.Length && celsius >= _profile.Throttle[_step].Celsius)
            _step++;
        while (_step > 0 && celsius < _profile.Throttle[_step - 1].Celsius - HysteresisKelvin)
            _step--;
        if (before == 0 && _step > 0)
            Throttlings++;
        return _step == 0 ? 1 : _profile.Throttle[_step - 1].Speed;
    }

    // Rounded to a millionth of a degree, so that the last bits of exp decide nothing.
    private void Advance(TimeSpan until, double watts)
    {
        if (until <= _at)
            return;
        var settled = _ambient + watts * _resistance;
        var share = Math.Exp(-(until - _at).TotalSeconds / (_resistance * _profile.CapacityJoulesPerKelvin));
        _celsius = Math.Round(settled + (_celsius - settled) * share, 6);
        _at = until;
    }
}
