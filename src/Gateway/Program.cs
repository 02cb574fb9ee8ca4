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
    builder.AddParentWatch();
    builder.JoinCluster();
    builder.AddGateway();

    app = builder.Build();
    app.MapGateway();
    app.MapClusterDashboard();
    await app.StartAsync();
}
catch (Exception exception)
{
    // Settings that are wrong, an address that is taken, a Redis that is away: whoever starts a gateway needs the reason first.
    await Console.Error.WriteLineAsync($"The gateway cannot start: {exception.Message.ReplaceLineEndings(" ")}");
    return 1;
}

await using (app)
    await app.WaitForShutdownAsync();
return 0;
