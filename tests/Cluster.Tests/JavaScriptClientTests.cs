using System.Diagnostics;
using OrleansInference.Cluster.Tests.Processes;

namespace OrleansInference.Cluster.Tests;

/// <summary>tests/clients, which is OpenAI's own JavaScript SDK, against the real cluster.</summary>
public sealed class JavaScriptClientTests(ThreeSiloFixture fixture, ITestOutputHelper output)
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(3);
    private static readonly string Folder = Path.Combine(Checkout.Root, "tests", "clients");

    [Fact]
    public async Task JavaScriptSdk_WhenItsTestsRun_AllPass()
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Folder, "node_modules", "openai")), $"The JavaScript SDK is not installed: npm ci in {Folder} (./test does it).");
        var start = new ProcessStartInfo("node", ["--test", "--test-reporter=tap"])
        {
            WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["BASE_URL"] = fixture.Cluster.Url.ToString();
        start.Environment["MODEL"] = "pebble";

        using var node = Process.Start(start)!;
        var (text, errors) = (node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await node.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Bound, TestContext.Current.CancellationToken);

        var report = await text + await errors;
        node.ExitCode.ShouldBe(0, report);
        var counts = report.Split('\n').Where(line => line.StartsWith("# pass ", StringComparison.Ordinal) || line.StartsWith("# skipped ", StringComparison.Ordinal)).ToArray();
        output.WriteLine(string.Join(", ", counts.Select(line => line[2..])));
        int.Parse(counts[0]["# pass ".Length..], System.Globalization.CultureInfo.InvariantCulture).ShouldBeGreaterThan(5);
    }
}
