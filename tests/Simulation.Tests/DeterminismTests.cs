using System.Diagnostics;
using OrleansInference.Simulation.Tests.Runs;

namespace OrleansInference.Simulation.Tests;

/// <summary>One seed is one run.</summary>
public sealed class DeterminismTests
{
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void Seed_WhenItRunsTwice_HasTheSameLog(int seed) => SeedRun.Run(seed).Hash.ShouldBe(SeedRun.Run(seed).Hash);

    [Fact]
    public void Seeds_WhenTheyDiffer_HaveDifferentLogs() => SeedRun.Run(11).Hash.ShouldNotBe(SeedRun.Run(12).Hash);

    // Hash codes of strings differ from process to process, so this finds an order that depends on them.
    [Fact]
    public async Task Seed_WhenItRunsInAnotherProcess_HasTheSameLog()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "OrleansInference.Simulation.Tests");
        using var process = Process.Start(new ProcessStartInfo(program, ["simulate-seed", "13"]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        output.ShouldContain($"Hash: {SeedRun.Run(13).Hash}\n");
    }
}
