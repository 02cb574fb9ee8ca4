using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.Runtime.MembershipService.SiloMetadata;
using OrleansInference.Grains.Hosting;

namespace OrleansInference.Clustering;

public static class ClusteringExtensions
{
    /// <summary>Makes the process a silo of the cluster that configuration section "Cluster" names, with the inference grains.</summary>
    /// <param name="labels">The silo's metadata: its device's labels, or none for a silo that offers no device.</param>
    /// <exception cref="ValidationException">The section lacks something; the message names it.</exception>
    public static TBuilder AddCluster<TBuilder>(this TBuilder builder, IReadOnlyDictionary<string, string> labels)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = builder.Configuration.GetSection(ClusterOptions.Section).Get<ClusterOptions>() ?? new();
        Validator.ValidateObject(options, new(options), validateAllProperties: true);
        builder.UseOrleans(silo => silo.Join(options).UseSiloMetadata(new Dictionary<string, string>(labels)).AddInferenceGrains());
        return builder;
    }

    /// <summary>Serves the engine's own pages, where it has any, to operators: on connections from this machine only, and not by a proxy.</summary>
    public static WebApplication MapClusterDashboard(this WebApplication app)
    {
        app.MapDashboard();
        return app;
    }
}
