using System.ComponentModel.DataAnnotations;
using System.Net;
using StackExchange.Redis;

namespace OrleansInference.Clustering.Redis;

/// <summary>Which cluster to join, on Microsoft Orleans with Redis. Configuration section "Cluster".</summary>
public sealed class ClusterOptions : IValidatableObject
{
    public const string Section = "Cluster";

    /// <summary>Redis, as StackExchange.Redis reads it: host:port, with options such as password=… and ssl=true behind commas.</summary>
    [Required(ErrorMessage = "Cluster:Redis is missing: name the cluster's Redis, such as --Cluster:Redis=127.0.0.1:6379.")]
    public string Redis { get; set; } = "";

    /// <summary>Clusters of different ids share nothing, even on one Redis.</summary>
    [Required, StringLength(64)]
    public string Id { get; set; } = "orleans-inference";

    /// <summary>Unique among the cluster's silos.</summary>
    [Required(ErrorMessage = "Cluster:SiloName is missing: name this silo, uniquely in the cluster."), StringLength(64)]
    public string SiloName { get; set; } = "";

    /// <summary>IP address at which the other silos reach this one; default: this machine's first.</summary>
    public string? Address { get; set; }

    /// <summary>TCP port that the other silos reach this one at; 0 picks a free one. Default 11111.</summary>
    [Range(0, 65_535)]
    public int SiloPort { get; set; } = 11_111;

    internal ConfigurationOptions RedisConfiguration => ConfigurationOptions.Parse(Redis);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Address is not null && !IPAddress.TryParse(Address, out _))
            yield return new($"Cluster:Address is '{Address}', but must be an IP address, such as 192.0.2.15.", [nameof(Address)]);
    }
}
