using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using OrleansInference.Embedded.Activations;

namespace OrleansInference.Embedded.Migration;

/// <summary>Takes the grains that move to a silo. Key: the silo, as its address is written; placed there by a hint.</summary>
internal interface IMigrationTargetGrain : IGrainWithStringKey
{
    /// <summary>Starts the grain, which then waits until its old silo has handed it over.</summary>
    [ResponseTimeout("00:00:05")]
    Task TakeAsync(GrainId grainId, SiloAddress from, Dictionary<string, byte[]> values);
}

[Reentrant, GrainType("embedded.migration-target")]
internal sealed class MigrationTargetGrain(ILocalSiloDetails silo) : Grain, IMigrationTargetGrain
{
    public Task TakeAsync(GrainId grainId, SiloAddress from, Dictionary<string, byte[]> values)
    {
        if (this.GetPrimaryKeyString() != silo.SiloAddress.ToParsableString())
            throw new SiloUnavailableException($"Grain {grainId} cannot move: silo {this.GetPrimaryKeyString()} is gone.");
        return ServiceProvider.GetRequiredService<ActivationCatalog>().TakeAsync(grainId, from, values, RequestContext.Current);
    }
}
