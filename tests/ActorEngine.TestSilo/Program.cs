using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansInference.Embedded.Hosting;

// A silo in a process of its own, for tests that kill processes: FOLDER NAME PING-MILLISECONDS.
// It says "ready" on standard output, and ends when standard input does, so that it never outlives its test.
var (folder, name, pingMilliseconds) = (args[0], args[1], double.Parse(args[2], CultureInfo.InvariantCulture));
var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Warning);
builder.UseOrleans(silo => silo
    .UseEmbeddedClustering(folder, name)
    .AddFileGrainStorage("files", Path.Combine(folder, "storage"))
    .Configure<EmbeddedClusterOptions>(options => options.PingPeriod = TimeSpan.FromMilliseconds(pingMilliseconds)));
using var host = builder.Build();
await host.StartAsync();
Console.WriteLine($"ready {host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToParsableString()}");
_ = Task.Run(async () =>
{
    while (await Console.In.ReadLineAsync() is not null)
    {
    }
    host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
});
await host.WaitForShutdownAsync();
