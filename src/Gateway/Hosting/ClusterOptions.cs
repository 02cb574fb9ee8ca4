using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Gateway.Hosting;

/// <summary>Which cluster to join. Configuration section: Cluster.</summary>
internal sealed class ClusterOptions
{
    public const string Section = "Cluster";

    /// <summary>The folder that is the cluster; every process of it names the same.</summary>
    [Required(
        ErrorMessage = "Cluster:Folder is missing: name the folder that the cluster's processes share")]
    public string Folder { get; set; } = "";

    /// <summary>Unique among the cluster's silos. Default gateway.</summary>
    [Required(ErrorMessage = "Cluster:SiloName must not be empty."), StringLength(64)]
    public string SiloName { get; set; } = "gateway";
}
