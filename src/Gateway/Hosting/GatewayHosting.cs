using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.Gateway.Generation;
using OrleansInference.Gateway.Heads;
using OrleansInference.Gateway.OpenAI.Errors;
using OrleansInference.Gateway.OpenAI.Models;
using OrleansInference.Gateway.Serving;

namespace OrleansInference.Gateway.Hosting;

internal static class GatewayHosting
{
    private const string DefaultUrl = "http://127.0.0.1:8080";

    /// <summary>For what comes after the drain: the last events of the streams that it cut, and leaving the cluster.</summary>
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Adds the HTTP API. The cluster behind it is added apart, so that tests can put another in its place.</summary>
    public static WebApplicationBuilder AddGateway(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<GatewayOptions>().BindConfiguration(GatewayOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<ServeOptions>().BindConfiguration(ServeOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(Random.Shared);
        services.AddOptions<HostOptions>().Configure<IOptions<GatewayOptions>>(Bound);
        services.AddDataPlane();
        services.AddSingleton<HeadClient>().AddSingleton<CompletionStarter>().AddSingleton<GenerationGate>().AddSingleton<DrainTimeout>();
        services.AddSingleton<ModelsEndpoint>();
        services.AddHostedService<ModelDeployer>();
        services.AddExceptionHandler<ApiExceptionHandler>();
        services.AddCors();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<GatewayOptions>>(Bound);
        builder.WebHost.UseUrls(builder.Configuration[WebHostDefaults.ServerUrlsKey] ?? DefaultUrl);
        return builder;
    }

    /// <exception cref="InvalidOperationException">Urls is not what can be listened on.</exception>
    public static async Task StartGatewayAsync(this WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        // Kestrel names what it cannot listen on only where it is in use.
        catch (Exception exception) when (exception is SocketException or FormatException or ArgumentOutOfRangeException)
        {
            var urls = app.Configuration[WebHostDefaults.ServerUrlsKey] ?? DefaultUrl;
            throw new InvalidOperationException($"Urls is '{urls}', which cannot be listened on: {exception.Message}", exception);
        }
    }

    private static void Bound(HostOptions host, IOptions<GatewayOptions> options) =>
        host.ShutdownTimeout = TimeSpan.FromMilliseconds(options.Value.DrainMilliseconds) + LeaveTimeout;

    private static void Bound(KestrelServerOptions kestrel, IOptions<GatewayOptions> options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.Value.MaximumBodyBytes;
        kestrel.Limits.MaxConcurrentConnections = options.Value.MaximumConnections;
    }
}
