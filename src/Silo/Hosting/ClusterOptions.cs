using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Silo.Hosting;

/// <summary>The cluster to join. Configuration section "Cluster".</summary>
internal sealed class ClusterOptions
{
    public const string Section = "Cluster";

    /// <summary>Folder that all processes of a cluster on this machine share.</summary>
    [Required(ErrorMessage = "Cluster:Folder must name the folder that the cluster's processes share.")]
    public string Folder { get; set; } = "";

    /// <summary>Unique among the silos that run.</summary>
    [Required(ErrorMessage = "Cluster:SiloName must name this silo, uniquely in the cluster.")]
    public string SiloName { get; set; } = "";
}
