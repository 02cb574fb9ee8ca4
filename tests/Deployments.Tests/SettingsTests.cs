using System.Text.RegularExpressions;

namespace OrleansInference.Deployments.Tests;

/// <summary>A setting that no options class has would be ignored in silence.</summary>
public sealed partial class SettingsTests
{
    [Theory]
    [InlineData("docker-compose.yml")]
    [InlineData("Dockerfile")]
    [InlineData("k8s")]
    [InlineData("deploy")]
    [InlineData("docs/operations.md")]
    public void Setting_InADeployment_IsAnOptionOfAHost(string place)
    {
        var path = Path.Combine(Command.Root, place);
        var files = Directory.Exists(path) ? Directory.GetFiles(path, "*", SearchOption.AllDirectories) : [path];
        var settings = files.SelectMany(file => Setting().Matches(File.ReadAllText(file)).Select(match => match.Value)).Distinct().ToArray();
        settings.ShouldNotBeEmpty();
        var options = Options();
        settings.Where(setting => !options.Contains(setting)).ShouldBeEmpty();
    }

    private static HashSet<string> Options()
    {
        var options = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in Directory.GetFiles(Path.Combine(Command.Root, "src"), "*Options.cs", SearchOption.AllDirectories))
        {
            var source = File.ReadAllText(file);
            if (Section().Match(source) is not { Success: true } section)
                continue;
            foreach (Match property in Property().Matches(source))
                options.Add($"{section.Groups[1].Value.Replace(":", "__", StringComparison.Ordinal)}__{property.Groups[1].Value}");
        }

        return options;
    }

    [GeneratedRegex(@"\b[A-Z][A-Za-z]+(__[A-Z][A-Za-z]+)+\b")]
    private static partial Regex Setting();

    [GeneratedRegex("const string Section = \"([A-Za-z:]+)\"")]
    private static partial Regex Section();

    [GeneratedRegex(@"public [A-Za-z<>\[\]?]+ ([A-Z][A-Za-z]+) \{ get; (?:set|init);")]
    private static partial Regex Property();
}
