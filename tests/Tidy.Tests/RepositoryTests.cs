using System.Text.RegularExpressions;
using OrleansInference.Tidy.Tests.Sources;

namespace OrleansInference.Tidy.Tests;

public sealed partial class RepositoryTests
{
    [Fact]
    public void Solution_WhenRead_ListsEveryProject()
    {
        Repository.Files(".sln", ".slnx").ShouldBe(["OrleansInference.sln"]);
        var listed = ProjectLine().Matches(Repository.Read("OrleansInference.sln")).Select(m => m.Groups[1].Value.Replace('\\', '/'));
        listed.Order(StringComparer.Ordinal).ShouldBe(Repository.Files(".csproj"));
    }

    [Fact]
    public void LockFiles_WhenRead_NameNoRegistry()
    {
        var locks = Repository.Files("package-lock.json", "packages.lock.json");
        locks.ShouldContain("native/package-lock.json");
        locks.Where(path => Address().IsMatch(Repository.Read(path)) && RegistryAddress().IsMatch(Repository.Read(path))).ShouldBeEmpty();
    }

    [Fact]
    public void Texts_WhenRead_NameNoRegistry() => Repository
        .Files(".md", ".json", ".props", ".targets", ".csproj", ".sh", ".yml", ".yaml", ".npmrc", "NuGet.config", "start", "test", "run")
        .Where(path => RegistryAddress().IsMatch(Repository.Read(path))).ShouldBeEmpty();

    [Theory]
    [InlineData("\"resolved\": \"https://registry.example.org/a/-/a-1.0.0.tgz\"", true)]
    [InlineData("source: http://10.0.0.1:4873/npm/", true)]
    [InlineData("https://nuget.example.org/v3/index.json", true)]
    [InlineData("https://nodejs.org/en/download", false)]
    [InlineData("curl http://127.0.0.1:8080/v1/models", false)]
    public void RegistryAddress_WhenTextHasOne_MatchesIt(string text, bool isMatch) => RegistryAddress().IsMatch(text).ShouldBe(isMatch);

    [Fact]
    public void Documents_WhenTheyLink_LinkToWhatIsThere() => Repository.Files(".md").SelectMany(BrokenLinks).ShouldBeEmpty();

    private static IEnumerable<string> BrokenLinks(string path)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Repository.Root, path))!;
        foreach (Match link in Link().Matches(Repository.Read(path)))
        {
            var target = link.Groups[1].Value.Split('#')[0];
            if (target.Length > 0 && !target.Contains("://") && !target.StartsWith("mailto:", StringComparison.Ordinal)
                && !Path.Exists(Path.Combine(folder, Uri.UnescapeDataString(target))))
                yield return $"{path}: {link.Value}";
        }
    }

    [GeneratedRegex("^Project\\(.*\"([^\"]+\\.csproj)\"", RegexOptions.Multiline)]
    private static partial Regex ProjectLine();

    [GeneratedRegex("https?://")]
    private static partial Regex Address();

    /// <summary>A package registry's address, public or private: the packages' hashes are pinned, where they come from is the user's own setting.</summary>
    [GeneratedRegex(@"https?://([^/\s""]*(registry|nuget|artifactory|nexus|pypi|mirror)[^/\s""]*|[^\s""]*/(npm|nuget|pypi)/)", RegexOptions.IgnoreCase)]
    private static partial Regex RegistryAddress();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
