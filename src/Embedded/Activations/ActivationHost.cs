using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using OrleansInference.Embedded.Calls;
using OrleansInference.Embedded.Directory;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Manifest;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Migration;
using OrleansInference.Embedded.Scheduling;

namespace OrleansInference.Embedded.Activations;

/// <summary>What the activations of a silo share.</summary>
internal sealed class ActivationHost(
    IServiceProvider services,
    TimeProvider time,
    IWorkQueue work,
    GrainReferenceRuntime references,
    GrainMigration migration,
    GrainManifest manifest,
    IActivationDirectory directory,
    IClusterMembership membership,
    IOptions<GrainCollectionOptions> collection,
    IOptions<SiloMessagingOptions> messaging,
    IOptions<EmbeddedClusterOptions> cluster,
    ILogger<ActivationHost> logger,
    ITurnObserver? observer = null)
{
    public IServiceProvider Services => services;

    public TimeProvider Time => time;

    public IWorkQueue Work => work;

    public GrainReferenceRuntime References => references;

    public GrainManifest Manifest => manifest;

    public GrainMigration Migration => migration;

    public ILogger Logger => logger;

    public ITurnObserver? Observer => observer;

    public GrainCollectionOptions Collection => collection.Value;

    public SiloAddress Silo => membership.Self.Silo;

    public TimeSpan ResponseTimeout => messaging.Value.ResponseTimeout;

    public int MailboxLength { get; } = messaging.Value.MaxEnqueuedRequestsHardLimit > 0
        ? messaging.Value.MaxEnqueuedRequestsHardLimit
        : cluster.Value.MailboxLength;

    /// <summary>Called when an activation is no more, before its waiting turns are refused.</summary>
    public event Action<Activation>? Ended;

    public void Run(Func<Task> live) => _ = work.RunAsync(live);

    public void Forget(Activation activation) => Ended?.Invoke(activation);

    /// <summary>Claims the grain for this silo. Returns the silo that has it, which may be another.</summary>
    public Task<SiloAddress> RegisterAsync(Activation activation) => UsesDirectory(activation)
        ? directory.RegisterAsync(activation.GrainId, Silo)
        : Task.FromResult(Silo);

    public Task UnregisterAsync(Activation activation) => UsesDirectory(activation)
        ? directory.UnregisterAsync(activation.GrainId, Silo)
        : Task.CompletedTask;

    /// <summary>Makes another silo the one that has the grain.</summary>
    public Task HandOverAsync(Activation activation, SiloAddress to) => directory.HandOverAsync(activation.GrainId, Silo, to);

    private static bool UsesDirectory(Activation activation) => activation.Class.MaximumLocalWorkers is null;
}
