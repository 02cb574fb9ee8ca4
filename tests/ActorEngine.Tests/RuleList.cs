using System.Reflection;
using Orleans;

namespace OrleansInference.ActorEngine.Tests;

/// <summary>The contract by name. A rule is a test outside of the folder Embedded.</summary>
public sealed class RuleList(ITestOutputHelper output)
{
    private static readonly string Contract = typeof(RuleList).Namespace!;

    [Fact]
    public void Rules_WhenListed_EachSayWhatOfOrleansTheyMirror()
    {
        var rules = typeof(RuleList).Assembly.GetTypes()
            .Where(type => type.Namespace == Contract && type != typeof(RuleList))
            .SelectMany(type => type.GetMethods())
            .Where(method => method.IsDefined(typeof(FactAttribute)))
            .OrderBy(method => method.Name, StringComparer.Ordinal)
            .ToList();
        output.WriteLine($"{rules.Count} rules, on {typeof(IGrain).Assembly.GetName().Name}:");
        foreach (var rule in rules)
            output.WriteLine($"{rule.Name}: {rule.GetCustomAttribute<MirrorsAttribute>()?.Behaviour}");
        rules.Where(rule => !rule.IsDefined(typeof(MirrorsAttribute))).Select(rule => rule.Name).ShouldBeEmpty();
        rules.Count.ShouldBeGreaterThan(50);
    }
}
