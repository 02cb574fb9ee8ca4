using OrleansInference.Clustering;
using OrleansInference.Gateway.Admission;
using OrleansInference.Gateway.Clusters;

namespace OrleansInference.Gateway.Hosting;

internal static class ClusterHosting
{
    /// <summary>
    /// Joins the cluster with a silo of the gateway's own, which holds no shards: a client from outside would wait out the death of a silo.
    /// </summary>
    public static WebApplicationBuilder JoinCluster(this WebApplicationBuilder builder)
    {
        if (string.IsNullOrEmpty(builder.Configuration["Cluster:SiloName"]))
            builder.Configuration["Cluster:SiloName"] = "gateway";
        builder.AddCluster(labels: new Dictionary<string, string>());
        builder.Services.AddSingleton<IAdmission, GrainAdmission>().AddSingleton<IClusterView, GrainClusterView>();
        return builder;
    }
}
