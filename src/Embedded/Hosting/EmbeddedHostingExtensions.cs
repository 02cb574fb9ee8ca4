using Orleans.Hosting;

namespace OrleansInference.Embedded.Hosting;

public static class EmbeddedHostingExtensions
{
    /// <summary>Joins the cluster of a folder on this machine. The folder is made, private to the user, if there is none.</summary>
    /// <param name="siloName">Unique among the silos that run.</param>
    public static ISiloBuilder UseEmbeddedClustering(this ISiloBuilder builder, string folder, string siloName) =>
        throw new NotImplementedException();

    /// <summary>Grain storage in files of a folder, one for each state of each grain.</summary>
    public static ISiloBuilder AddFileGrainStorage(this ISiloBuilder builder, string name, string folder) =>
        throw new NotImplementedException();
}
