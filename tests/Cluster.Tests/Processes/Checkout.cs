namespace OrleansInference.Cluster.Tests.Processes;

/// <summary>Where the programs under test and the files they need lie.</summary>
internal static class Checkout
{
    public static string Root { get; } = FindRoot();

    /// <summary>The tool of the same build configuration as these tests.</summary>
    public static string Tool { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "Tool", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "oinf"));

    public static string Pebble { get; } = Path.Combine(Root, "models", "pebble", "pebble-q8_0.gguf");

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "OrleansInference.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"There is no OrleansInference.sln above {AppContext.BaseDirectory}.");
    }
}
