using System.Globalization;
using OrleansInference.Embedded.Simulation;
using OrleansInference.Simulation.Tests.Runs;

namespace OrleansInference.Simulation.Tests;

/// <summary>
/// simulate COUNT [FIRST] runs so many seeds and prints the report; simulate-seed SEED runs one and prints all that happens in it; anything
/// else runs the tests.
/// </summary>
internal static class Program
{
    public static int Main(string[] args) => args switch
    {
        ["simulate", var count] => Simulate(Number(count), 1),
        ["simulate", var count, var first] => Simulate(Number(count), Number(first)),
        ["simulate-seed", var seed] => SimulateSeed(Number(seed)),
        _ => RunTests(args),
    };

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static int Simulate(int count, int first)
    {
        var every = Math.Max(1, count / 20);
        var (report, failures) = SeedBatch.Run(first, count, (done, failure) =>
        {
            if (failure is not null)
                Console.Out.WriteLine(failure);
            if (done % every == 0)
                Console.Error.WriteLine($"{done} of {count} seeds");
        });
        Console.Out.WriteLine($"Simulation: {report}");
        Console.Out.WriteLine(failures.Count == 0 ? "No seed failed." : $"Failed seeds: {string.Join(", ", failures.Keys)}.");
        return failures.Count == 0 ? 0 : 1;
    }

    private static int SimulateSeed(int seed)
    {
        try
        {
            var (hash, report) = SeedRun.Run(seed, Console.Out);
            Console.Out.WriteLine($"Simulation: {report}");
            Console.Out.WriteLine($"Hash: {hash}");
            return 0;
        }
        catch (SimulationException exception)
        {
            Console.Out.WriteLine(exception.Message);
            return 1;
        }
    }

    private static int RunTests(string[] args) => args.Any(static arg => arg is "--server" or "--internal-msbuild-node")
        ? Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            .GetAwaiter().GetResult()
        : Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args).GetAwaiter().GetResult();
}
