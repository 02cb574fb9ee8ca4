namespace OrleansInference.Bench;

/// <summary>docs/benchmarks.md, whose tables stand between markers: &lt;!-- NAME:begin --&gt; and &lt;!-- NAME:end --&gt;.</summary>
internal static class BenchmarkPage
{
    public static string Repository { get; } = FindRepository();

    public static void Write(string name, string table)
    {
        var path = Path.Combine(Repository, "docs", "benchmarks.md");
        var page = File.ReadAllText(path);
        var (begin, end) = ($"<!-- {name}:begin -->", $"<!-- {name}:end -->");
        var (from, to) = (page.IndexOf(begin, StringComparison.Ordinal), page.IndexOf(end, StringComparison.Ordinal));
        if (from < 0 || to < from)
            throw new InvalidOperationException($"{path} has no {begin} before a {end}.");
        File.WriteAllText(path, $"{page[..(from + begin.Length)]}\n{table}\n{page[to..]}");
    }

    private static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "OrleansInference.sln")))
            folder = folder.Parent;
        return folder?.FullName
            ?? throw new InvalidOperationException($"There is no OrleansInference.sln above {AppContext.BaseDirectory}.");
    }
}
