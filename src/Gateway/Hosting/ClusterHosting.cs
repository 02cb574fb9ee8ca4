using System.ComponentModel.DataAnnotations;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Gateway.Admission;
using OrleansInference.Gateway.Clusters;
using OrleansInference.Grains.Hosting;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace OrleansInference.Gateway.Hosting;

/// <summary>The only place of the gateway that knows which actor engine runs the cluster.</summary>
internal static class ClusterHosting
{
    /// <summary>
    /// Joins the cluster with a silo of the gateway's own, which holds no shards: a client from outside would wait out the death of a silo.
    /// </summary>
    public static WebApplicationBuilder AddCluster(this WebApplicationBuilder builder)
    {
        var options = builder.Configuration.GetSection(ClusterOptions.Section).Get<ClusterOptions>() ?? new();
        Validator.ValidateObject(options, new(options), validateAllProperties: true);
        builder.UseOrleans(silo => silo
            .UseEmbeddedClustering(options.Folder, options.SiloName)
            .AddFileGrainStorage("store", Path.Combine(options.Folder, "store"))
            .UseSiloMetadata([])
            .AddInferenceGrains());
        builder.Services.AddSingleton<IAdmission, GrainAdmission>().AddSingleton<IClusterView, GrainClusterView>();
        return builder;
    }
}
