using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Clusters;

/// <summary>The programs that <c>oinf up</c> starts: beside the tool, or where a build of the repository puts them.</summary>
internal sealed record HostPrograms(string Silo, string Gateway)
{
    private const string EmbeddedEngine = "OrleansInference.Embedded.dll";

    /// <summary>Whether they were built for the embedded engine, and not for Microsoft Orleans.</summary>
    public bool HaveEmbeddedEngine => File.Exists(Path.Combine(Path.GetDirectoryName(Silo)!, EmbeddedEngine));

    /// <exception cref="UserErrorException">A program is not there; the message names where it was looked for.</exception>
    public static HostPrograms Find(string toolFolder) => new(Find(toolFolder, "Silo"), Find(toolFolder, "Gateway"));

    private static string Find(string toolFolder, string project)
    {
        var program = "OrleansInference." + project;
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(toolFolder));
        // artifacts/bin/Tool/release beside artifacts/bin/Silo/release.
        string[] candidates =
        [
            Path.Combine(folder, program),
            Path.GetFullPath(Path.Combine(folder, "..", "..", project, Path.GetFileName(folder), program)),
        ];
        return candidates.FirstOrDefault(File.Exists) ?? throw new UserErrorException(
            $"The program {program} is not there; looked for {string.Join(" and ", candidates)}. Build the whole solution (./start does).");
    }
}
