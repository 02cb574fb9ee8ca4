using Orleans.Runtime;

namespace OrleansInference.Embedded.Directory;

/// <summary>Which silo has which grain, for the whole cluster. A grain has one silo at most, whoever asks and whenever.</summary>
internal interface IActivationDirectory
{
    /// <summary>The silo that has the grain, if that silo is alive.</summary>
    SiloAddress? Find(GrainId grainId);

    /// <summary>Claims the grain. Returns the silo that has it now, which is another one where that was first and is alive.</summary>
    Task<SiloAddress> RegisterAsync(GrainId grainId, SiloAddress silo);

    /// <summary>Gives the grain up if the silo has it.</summary>
    Task UnregisterAsync(GrainId grainId, SiloAddress silo);

    /// <summary>Gives a grain that the silo has to another, in one step: nobody else gets hold of it in between.</summary>
    Task HandOverAsync(GrainId grainId, SiloAddress from, SiloAddress to);

    /// <summary>Removes what a dead silo has left.</summary>
    Task RemoveAllAsync(SiloAddress deadSilo);
}
