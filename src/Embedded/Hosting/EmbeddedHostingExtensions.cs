using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Storage;
using OrleansInference.Embedded.Storage;

namespace OrleansInference.Embedded.Hosting;

/// <summary>What the embedded engine has in place of Orleans' clustering and storage packages.</summary>
public static class EmbeddedHostingExtensions
{
    /// <summary>Joins the cluster of a folder on this machine. The folder is made, private to the user, if there is none.</summary>
    /// <param name="siloName">Unique among the silos that run.</param>
    public static ISiloBuilder UseEmbeddedClustering(this ISiloBuilder builder, string folder, string siloName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(siloName);
        return builder
            .Configure<EmbeddedClusterOptions>(options => options.Folder = folder)
            .Configure<SiloOptions>(options => options.SiloName = siloName);
    }

    /// <summary>Grain storage in files of a folder, one for each state of each grain. Every silo must name the same folder.</summary>
    public static ISiloBuilder AddFileGrainStorage(this ISiloBuilder builder, string name, string folder) =>
        builder.ConfigureServices(services => services.AddKeyedSingleton<IGrainStorage>(
            name, (provider, _) => ActivatorUtilities.CreateInstance<FileGrainStorage>(provider, Path.GetFullPath(folder))));
}
