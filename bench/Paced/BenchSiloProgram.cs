using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansInference.Bench.Serving;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Hosting;

namespace OrleansInference.Bench.Paced;

/// <summary>
/// The silo as src/Silo runs it, in a process of this program: with a meter of what it allocates, and if asked with an engine that computes
/// nothing.
/// </summary>
internal static class BenchSiloProgram
{
    /// <summary>The program's only argument.</summary>
    public const string Argument = "silo";

    /// <summary>Tokens per second that the paced engine gives each stream; not set for the real engine.</summary>
    public const string PaceVariable = "BENCH_PACE";

    /// <summary>The meter's file.</summary>
    public const string MeterVariable = "BENCH_METER";

    public static async Task RunAsync()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.AddSilo().JoinCluster().AddParentWatch();
        var pace = builder.Configuration.GetValue<double?>(PaceVariable);
        if (pace is { } tokensPerSecond)
            builder.Services.AddSingleton<IStageEngineFactory>(new PacedEngineFactory(tokensPerSecond));
        using var silo = builder.Build();
        if (pace is null)
            silo.LoadNatives();
        using var meter = AllocationMeter.Start(builder.Configuration[MeterVariable]!);
        await silo.RunAsync();
    }
}
