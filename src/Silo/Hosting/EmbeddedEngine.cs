using System.ComponentModel.DataAnnotations;
using Orleans.Runtime.MembershipService.SiloMetadata;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Grains.Hosting;
using OrleansInference.Grains.Placement;
using OrleansInference.Silo.Devices;

namespace OrleansInference.Silo.Hosting;

/// <summary>The only place of the silo that knows which actor engine is in use.</summary>
internal static class EmbeddedEngine
{
    /// <exception cref="ValidationException">The configuration does not name the cluster.</exception>
    public static WebApplicationBuilder AddActorEngine(this WebApplicationBuilder builder)
    {
        var cluster = builder.Configuration.GetSection(ClusterOptions.Section).Get<ClusterOptions>() ?? new ClusterOptions();
        var device = builder.Configuration.GetSection(DeviceOptions.Section).Get<DeviceOptions>() ?? new DeviceOptions();
        Validator.ValidateObject(cluster, new ValidationContext(cluster), validateAllProperties: true);
        builder.UseOrleans(silo => silo
            .UseEmbeddedClustering(cluster.Folder, cluster.SiloName)
            .AddFileGrainStorage("store", Path.Combine(cluster.Folder, "store"))
            .UseSiloMetadata(new Dictionary<string, string>(DeviceLabels.From(device.ToProfile())))
            .AddInferenceGrains());
        return builder;
    }
}
