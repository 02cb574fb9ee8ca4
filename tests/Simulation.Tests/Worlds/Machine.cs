using OrleansInference.Embedded.Simulation;
using OrleansInference.Simulation.Tests.Clients;
using OrleansInference.Simulation.Tests.Devices;
using OrleansInference.Simulation.Tests.Stages;

namespace OrleansInference.Simulation.Tests.Worlds;

/// <summary>Where one silo runs, again and again: one that offers a device, or a gateway's.</summary>
/// <param name="Device">Null for a gateway.</param>
internal sealed record Machine(string Name, SimulatedDevice? Device)
{
    public SimulatedSilo? Silo { get; set; }

    public SimulatedStageHost? Stages { get; set; }

    public SimulatedGateway? Gateway { get; set; }

    /// <summary>Not before this is an ended silo started again.</summary>
    public TimeSpan RestartAt { get; set; }

    public bool IsUp => Silo is { IsRunning: true, Process.IsFrozen: false };
}
