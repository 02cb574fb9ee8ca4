using Microsoft.AspNetCore.Builder;
using Orleans.Hosting;
using OrleansInference.Embedded.Hosting;

namespace OrleansInference.Clustering.Embedded;

/// <summary>The embedded engine: one machine, a folder, no service.</summary>
internal static class EmbeddedEngine
{
    public static ISiloBuilder Join(this ISiloBuilder silo, ClusterOptions options) => silo
        .UseEmbeddedClustering(options.Folder, options.SiloName)
        .AddFileGrainStorage("store", Path.Combine(options.Folder, "store"));

    /// <summary>It has no pages of its own.</summary>
    public static void MapDashboard(this WebApplication app) => ArgumentNullException.ThrowIfNull(app);
}
