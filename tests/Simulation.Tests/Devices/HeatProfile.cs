using System.Collections.Immutable;

namespace OrleansInference.Simulation.Tests.Devices;

/// <summary>How a device heats up and what it does about it.</summary>
/// <param name="CapacityJoulesPerKelvin">C of the model.</param>
/// <param name="CooledKelvinPerWatt">R as the device should be: with its fan, or in moving air.</param>
/// <param name="EnclosedKelvinPerWatt">R without cooling, or in a closed cabinet.</param>
/// <param name="Throttle">By rising temperature.</param>
internal sealed record HeatProfile(
    double CapacityJoulesPerKelvin, double CooledKelvinPerWatt, double EnclosedKelvinPerWatt, double IdleWatts, double BusyWatts,
    ImmutableArray<ThrottleStep> Throttle);

/// <summary>What is left of the speed from this temperature on.</summary>
internal readonly record struct ThrottleStep(double Celsius, double Speed);
