using OrleansInference.Clustering;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.Gateway.Hosting;

WebApplication app;
try
{
    // Settings are read once. To watch their files would take a thread, which wakes for whatever is written below the current folder.
    var builder = WebApplication.CreateBuilder([.. args, "--hostBuilder:reloadConfigOnChange=false"]);
    builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss.fff "));
    builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
    // What is below says in one line why a gateway does not start.
    builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
    builder.AddParentWatch();
    builder.JoinCluster();
    builder.AddGateway();

    app = builder.Build();
    app.Configuration.RequireKnownSettings();
    app.MapGateway();
    app.MapClusterDashboard();
    await app.StartGatewayAsync();
}
catch (Exception exception)
{
    // Settings that are wrong, an address that is taken, a Redis that is away: whoever starts a gateway needs the reason first.
    await Console.Error.WriteLineAsync(StartFault.Describe("gateway", exception));
    return 1;
}

await using (app)
    await app.WaitForShutdownAsync();
return 0;
