using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using OrleansInference.Embedded.Calls;
using OrleansInference.Embedded.Directory;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Placement;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.Embedded.Activations;

/// <summary>What the activations of a silo share.</summary>
internal sealed record ActivationHost(
    IServiceProvider Services,
    TimeProvider Time,
    TaskScheduler Work,
    GrainReferenceRuntime References,
    PlacementService Placement,
    MessageSerializer Serializer,
    GrainManifest Manifest,
    IActivationDirectory Directory,
    IClusterMembership Membership,
    IOptions<GrainCollectionOptions> Collection,
    IOptions<SiloMessagingOptions> Messaging,
    ILogger<ActivationHost> Logger,
    ITurnObserver? Observer = null)
{
    public SiloAddress Silo => Membership.Self.Silo;

    public TimeSpan ResponseTimeout => Messaging.Value.ResponseTimeout;

    /// <summary>Calls that may wait for one activation.</summary>
    public int MailboxLength { get; } = Messaging.Value.MaxEnqueuedRequestsHardLimit is > 0 and var limit ? limit : 10_000;
}
