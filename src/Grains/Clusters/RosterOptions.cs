using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.Clusters;

/// <summary>How the cluster grain keeps its roster.</summary>
public sealed class RosterOptions
{
    public const string Section = "Roster";

    /// <summary>A device that was not heard of for so long is left out of new plans. Default 5 s.</summary>
    [Range(2, 60)]
    public int DeviceSilenceSeconds { get; set; } = 5;

    /// <summary>
    /// So long a new cluster grain waits for devices that it can see but has not heard of, before it says that memory is missing.
    /// Default 3 s.
    /// </summary>
    [Range(0, 30)]
    public int SettleSeconds { get; set; } = 3;
}
