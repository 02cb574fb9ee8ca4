using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using OrleansInference.Gateway.Admin;
using OrleansInference.Gateway.Generation;
using OrleansInference.Gateway.Health;
using OrleansInference.Gateway.OpenAI.Chat;
using OrleansInference.Gateway.OpenAI.Completions;
using OrleansInference.Gateway.OpenAI.Errors;
using OrleansInference.Gateway.OpenAI.Models;

namespace OrleansInference.Gateway.Hosting;

internal static class GatewayRoutes
{
    /// <summary>What is read by GET can be asked after by HEAD, as many that watch services do.</summary>
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    public static WebApplication MapGateway(this WebApplication app)
    {
        app.UseApiErrors();
        var api = app.MapGroup("/v1");
        api.MapOpenAI(app.Services.GetRequiredService<GenerationGate>());
        app.AllowOrigins(api);
        app.MapGroup("/admin").MapAdmin();
        app.MapHealth();
        return app;
    }

    /// <summary>Makes every error, also of requests that reach no endpoint, an error in OpenAI's shape.</summary>
    private static void UseApiErrors(this WebApplication app)
    {
        app.UseStatusCodePages(context => ErrorResult.WriteAsync(context.HttpContext, StatusErrors.Of(context.HttpContext)));
        app.UseExceptionHandler(static _ => { });
    }

    /// <summary>Lets the web pages of the configured origins call the API from a browser, and see when to try again.</summary>
    private static void AllowOrigins(this WebApplication app, RouteGroupBuilder api)
    {
        var origins = app.Services.GetRequiredService<IOptions<GatewayOptions>>().Value.AllowedOriginList;
        if (origins.Length == 0)
            return;
        app.UseCors();
        api.RequireCors(policy => policy.WithOrigins(origins).AllowAnyMethod().AllowAnyHeader()
            .WithExposedHeaders(HeaderNames.RetryAfter, ErrorResult.RetryAfterMillisecondsHeader));
    }

    private static void MapOpenAI(this RouteGroupBuilder routes, GenerationGate gate)
    {
        routes.MapPost("/chat/completions", ChatEndpoint.CompleteAsync).AddEndpointFilter(gate);
        routes.MapPost("/completions", TextEndpoint.CompleteAsync).AddEndpointFilter(gate);
        routes.MapMethods("/models", Reading, (ModelsEndpoint models) => models.ListAsync());
        routes.MapMethods("/models/{**id}", Reading, (string id, ModelsEndpoint models) => models.GetAsync(id));
    }

    private static void MapAdmin(this RouteGroupBuilder routes)
    {
        routes.MapMethods("/topology", Reading, TopologyEndpoint.GetAsync);
        routes.MapDelete("/models/{name}", ModelRemovalEndpoint.RemoveAsync).AddEndpointFilter(LoopbackOnly.InvokeAsync);
    }

    private static void MapHealth(this WebApplication app)
    {
        app.MapMethods("/healthz", Reading, HealthEndpoints.Alive);
        app.MapMethods("/readyz", Reading, HealthEndpoints.ReadyAsync);
        app.MapMethods("/metrics", Reading, MetricsEndpoint.Get);
    }
}
