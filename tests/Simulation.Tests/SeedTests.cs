using System.Globalization;
using OrleansInference.Simulation.Tests.Runs;

namespace OrleansInference.Simulation.Tests;

/// <summary>The seeds that run every time.</summary>
public sealed class SeedTests(ITestOutputHelper output)
{
    private const int SeedCount = 300;

    [Fact]
    public void Seeds_WhenFaultsHappen_HoldAllInvariants()
    {
        var (report, failures) = SeedBatch.Run(first: 1, SeedCount);

        output.WriteLine($"Simulation: {report}");
        failures.Values.ShouldBeEmpty(string.Create(CultureInfo.InvariantCulture, $"{failures.Count} of {SeedCount} seeds failed"));
        report.Faults.Count.ShouldBeGreaterThan(15);
        report.Requests["complete"].ShouldBeGreaterThan(SeedCount * 50);
    }
}
