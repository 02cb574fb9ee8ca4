using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Clustering.Embedded;

/// <summary>Which cluster to join, on the embedded engine. Configuration section "Cluster".</summary>
public sealed class ClusterOptions
{
    public const string Section = "Cluster";

    /// <summary>The folder that is the cluster; every process of it names the same.</summary>
    [Required(ErrorMessage =
        "Cluster:Folder is missing: name the folder that the cluster's processes share, such as --Cluster:Folder=/tmp/cluster.")]
    public string Folder { get; set; } = "";

    /// <summary>Unique among the cluster's silos.</summary>
    [Required(ErrorMessage = "Cluster:SiloName is missing: name this silo, uniquely in the cluster."), StringLength(64)]
    public string SiloName { get; set; } = "";
}
