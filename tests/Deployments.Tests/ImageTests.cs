using System.Text.RegularExpressions;

namespace OrleansInference.Deployments.Tests;

/// <summary>What a build of the images takes from the repository and from elsewhere; read, because an engine is not everywhere.</summary>
public sealed partial class ImageTests
{
    private static readonly string Dockerfile = File.ReadAllText(Path.Combine(Command.Root, "Dockerfile"));
    private static readonly string[] Excluded = File.ReadAllLines(Path.Combine(Command.Root, ".dockerignore"));

    [Fact]
    public void Copy_FromTheRepository_NamesWhatTheBuildContextHas()
    {
        var sources = Copy().Matches(Dockerfile).SelectMany(static copy => copy.Groups[1].Value.Split(' ')).ToArray();
        sources.Length.ShouldBeGreaterThan(2);
        sources.Where(static source => !Path.Exists(Path.Combine(Command.Root, source))).ShouldBeEmpty();
        sources.Where(static source => Excluded.Contains(source.TrimEnd('/'))).ShouldBeEmpty();
    }

    [Fact]
    public void Build_WhereNoPublicRegistryIsReached_AsksForNothingThatAnArgumentDoesNotReplace()
    {
        Dockerfile.ShouldNotContain("syntax=");
        var stages = Stage().Matches(Dockerfile);
        stages.Count.ShouldBeGreaterThan(2);
        var own = stages.Select(static stage => stage.Groups[2].Value).ToHashSet();
        stages.Select(static stage => stage.Groups[1].Value)
            .Where(name => !own.Contains(name) && !name.Contains("${", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public void Certificates_InTheFolderOfTheCompose_StayOutOfGitAndOfImages()
    {
        var (code, _, errors) = Command.Run("git", ["check-ignore", "--quiet", "secrets/ca.key"]);
        code.ShouldBe(0, errors);
        Excluded.ShouldContain("secrets");
    }

    [GeneratedRegex(@"^COPY (?!--)(.+) \S+$", RegexOptions.Multiline)]
    private static partial Regex Copy();

    [GeneratedRegex(@"^FROM (?:--platform=\S+ )?(\S+) AS (\S+)$", RegexOptions.Multiline)]
    private static partial Regex Stage();
}
