using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using OrleansInference.ActorEngine.TestSilo;
using OrleansInference.Embedded.Hosting;

namespace OrleansInference.Bench.Calls;

/// <summary>Calls from grain to grain on the embedded engine, within a silo process and from one to another.</summary>
internal static class CallBench
{
    /// <summary>Calls per measurement.</summary>
    private const int Calls = 20_000;

    /// <summary>Calls under way at a time, where calls per second are measured.</summary>
    private const int AtOnce = 32;

    private const int Rounds = 5;

    public static async Task<int> RunAsync(CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("oinf-calls-").FullName;
        try
        {
            using var host = await JoinAsync(folder, cancellation);
            using var near = await BenchSilo.StartAsync(folder, "near", cancellation);
            using var far = await BenchSilo.StartAsync(folder, "far", cancellation);
            var grains = host.Services.GetRequiredService<IGrainFactory>();
            var caller = await PlaceAsync(grains, "caller", near);
            CallSeries[] all =
            [
                new("same process", await PlaceAsync(grains, "same", near)), new("from process to process", await PlaceAsync(grains, "other", far)),
            ];
            for (var round = 0; round <= Rounds; round++)
            {
                foreach (var series in all)
                    await MeasureAsync(caller, series, isWarmUp: round == 0);
            }

            var table = CallTable.Create(all, Calls, AtOnce, Rounds);
            await Console.Out.WriteLineAsync(table);
            BenchmarkPage.Write("calls", table);
            await host.StopAsync(cancellation);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MeasureAsync(IProcessGrain caller, CallSeries series, bool isWarmUp)
    {
        var alone = await caller.MeasureAsync(series.Target, Calls, atOnce: 1);
        var started = Stopwatch.GetTimestamp();
        await caller.MeasureAsync(series.Target, Calls, AtOnce);
        var callsPerSecond = Calls / Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (isWarmUp)
            return;
        series.Microseconds.AddRange(alone.Select(seconds => seconds * 1e6));
        series.CallsPerSecond.Add(callsPerSecond);
    }

    private static async Task<IHost> JoinAsync(string folder, CancellationToken cancellation)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.UseOrleans(silo => silo.UseEmbeddedClustering(folder, "bench"));
        var host = builder.Build();
        await host.StartAsync(cancellation);
        return host;
    }

    private static async Task<IProcessGrain> PlaceAsync(IGrainFactory grains, string key, BenchSilo silo)
    {
        var grain = grains.GetGrain<IProcessGrain>(key);
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo.Address);
        var process = await grain.GetProcessAsync();
        RequestContext.Clear();
        return process == silo.ProcessId ? grain : throw new InvalidOperationException($"Grain {key} was placed in process {process}.");
    }
}
