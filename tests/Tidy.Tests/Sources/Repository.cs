namespace OrleansInference.Tidy.Tests.Sources;

/// <summary>The checkout that these tests were built from.</summary>
internal static class Repository
{
    private static readonly string[] LeftOut = ["artifacts", "node_modules", "bin", "obj", "TestResults"];

    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<SourceFile> SourceFiles { get; } =
        [.. Files(".cs").Select(path => new SourceFile(path, File.ReadAllText(Path.Combine(Root, path))))];

    /// <summary>Files with one of the name endings, relative to the root, with forward slashes; no build output, no hidden folder but .ci.</summary>
    public static IReadOnlyList<string> Files(params string[] endings) => [.. Walk(new DirectoryInfo(Root))
        .Where(file => endings.Any(ending => file.Name.EndsWith(ending, StringComparison.Ordinal)))
        .Select(file => Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'))
        .Order(StringComparer.Ordinal)];

    public static string Read(string relativePath) => File.ReadAllText(Path.Combine(Root, relativePath));

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder) => folder.EnumerateFiles().Concat(folder.EnumerateDirectories()
        .Where(inner => !LeftOut.Contains(inner.Name) && (inner.Name == ".ci" || !inner.Name.StartsWith('.')))
        .SelectMany(Walk));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "OrleansInference.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"There is no OrleansInference.sln above {AppContext.BaseDirectory}.");
    }
}
