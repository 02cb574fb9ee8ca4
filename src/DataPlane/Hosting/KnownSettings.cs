using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace OrleansInference.DataPlane.Hosting;

/// <summary>
/// Finds settings that no options class has. .NET passes over them, so a misspelt one would leave its default in force without a word.
/// </summary>
public static class KnownSettings
{
    private const string SectionConstant = "Section";

    /// <summary>Looks through the sections that this process reads, and no others: those of another process may be set beside them.</summary>
    /// <exception cref="InvalidOperationException">A setting is none; the message names it, and those that its section has.</exception>
    public static void RequireKnownSettings(this IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var sections = FindSections();
        foreach (var (section, names) in sections)
        {
            var unknown = configuration.GetSection(section).GetChildren().FirstOrDefault(
                child => !names.Contains(child.Key) && !sections.ContainsKey(child.Path));
            if (unknown is not null)
                throw new InvalidOperationException($"{unknown.Path} is no setting; {section} has {string.Join(", ", names)}.");
        }
    }

    /// <summary>The settings of each section, from the options classes of the assemblies that are loaded.</summary>
    private static Dictionary<string, SortedSet<string>> FindSections()
    {
        var sections = new Dictionary<string, SortedSet<string>>(StringComparer.OrdinalIgnoreCase);
        var types = AppDomain.CurrentDomain.GetAssemblies()
            .Where(assembly => assembly.GetName().Name!.StartsWith(nameof(OrleansInference) + ".", StringComparison.Ordinal))
            .SelectMany(assembly => assembly.GetTypes());
        foreach (var type in types)
        {
            if (SectionOf(type) is { } section)
                sections[section] = new(
                    type.GetProperties().Where(property => property.SetMethod is { IsPublic: true }).Select(property => property.Name),
                    StringComparer.OrdinalIgnoreCase);
        }

        return sections;
    }

    /// <summary>The section that an options class is bound from; null for other types.</summary>
    internal static string? SectionOf(Type type) =>
        type.GetField(SectionConstant, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic) is { IsLiteral: true } constant
            ? constant.GetRawConstantValue() as string : null;
}
