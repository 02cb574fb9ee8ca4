using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Embedded.Hosting;

/// <summary>Bounds and times of the embedded engine. Configuration section "Embedded".</summary>
public sealed class EmbeddedClusterOptions
{
    internal const string Section = "Embedded";

    /// <summary>The folder that is the cluster. Silos of the same folder find each other.</summary>
    [Required]
    public string Folder { get; set; } = "";

    /// <summary>
    /// How often the folder is looked at for what was not told, and whether each member was heard of; if not, it is asked whether it is
    /// there. Default 1 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan PingPeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Ping periods without any sign of life after which a member counts as frozen, and its process is ended. Default 15, because a busy
    /// machine is no frozen one.
    /// </summary>
    [Range(2, 1000)]
    public int MissedPings { get; set; } = 15;

    /// <summary>How long a lock of the folder may be held by others. Default 30 s, so that a frozen holder is ended first.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a call is sent on when its grain turns out to be elsewhere; it then fails. Default 20.</summary>
    [Range(1, 1000)]
    public int MaximumForwards { get; set; } = 20;

    /// <summary>How long a silo that stops waits for its grains to end. Default 3 s: with all else it stops within 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Calls grains without hosting any, unseen by placement: the client of a test cluster.</summary>
    internal bool IsClient { get; set; }

    /// <summary>Whether frozen members are looked for. Every member asks every other, which hundreds of simulated ones need not.</summary>
    internal bool WatchesPeers { get; set; } = true;
}
