using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using OrleansInference.Embedded.Calls;
using OrleansInference.Embedded.Placement;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Migration;

/// <summary>Finds a new silo for a grain that moves, and brings there what the grain takes along.</summary>
internal sealed class GrainMigration(
    PlacementService placement, MessageSerializer serializer, GrainReferenceRuntime references, IOptions<SiloMessagingOptions> messaging)
{
    public MigrationContext NewContext(Dictionary<string, byte[]>? values = null) =>
        new(values ?? [], serializer, references, messaging.Value.MaxMessageBodySize);

    /// <summary>Where placement would have the grain; null where that is the silo it is on.</summary>
    public async Task<SiloAddress?> ChooseSiloAsync(GrainId grainId, Dictionary<string, object>? requestContext)
    {
        var silo = await placement.PlaceAsync(grainId, default, requestContext);
        return silo.Equals(placement.LocalSilo) ? null : silo;
    }

    public async Task SendAsync(GrainId grainId, SiloAddress to, MigrationContext context)
    {
        RequestContext.Current = new() { [IPlacementDirector.PlacementHintKey] = to };
        await references.GetGrain<IMigrationTargetGrain>(to.ToParsableString()).TakeAsync(grainId, placement.LocalSilo, context.Values);
    }
}
