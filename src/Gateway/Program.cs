using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using OrleansInference.Clustering;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.Gateway.Hosting;

try
{
    var builder = WebApplication.CreateBuilder(args);
    builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
    builder.AddParentWatch();
    builder.JoinCluster();
    builder.AddGateway();

    var app = builder.Build();
    app.MapGateway();
    app.MapClusterDashboard();
    await app.RunAsync();
    return 0;
}
catch (Exception exception) when (exception is ValidationException or OptionsValidationException or IOException)
{
    // Settings that are wrong, or an address that is taken: whoever starts a gateway needs the reason, not where in the code it was found.
    await Console.Error.WriteLineAsync($"The gateway cannot start: {exception.Message}");
    return 1;
}
