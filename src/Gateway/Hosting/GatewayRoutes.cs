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
    /// <summary>Makes every error, also of requests that reach no endpoint, an error in OpenAI's shape.</summary>
    public static WebApplication UseApiErrors(this WebApplication app)
    {
        app.UseStatusCodePages(context => ErrorResult.WriteAsync(context.HttpContext, StatusErrors.Of(context.HttpContext)));
        app.UseExceptionHandler(static _ => { });
        return app;
    }

    public static RouteGroupBuilder MapOpenAI(this RouteGroupBuilder routes)
    {
        var gate = ((IEndpointRouteBuilder)routes).ServiceProvider.GetRequiredService<GenerationGate>();
        routes.MapPost("/chat/completions", ChatEndpoint.CompleteAsync).AddEndpointFilter(gate);
        routes.MapPost("/completions", TextEndpoint.CompleteAsync).AddEndpointFilter(gate);
        routes.MapGet("/models", (ModelsEndpoint models) => models.ListAsync());
        routes.MapGet("/models/{**id}", (string id, ModelsEndpoint models) => models.GetAsync(id));
        return routes;
    }

    public static RouteGroupBuilder MapAdmin(this RouteGroupBuilder routes)
    {
        routes.MapGet("/topology", TopologyEndpoint.GetAsync);
        return routes;
    }

    public static WebApplication MapHealth(this WebApplication app)
    {
        app.MapGet("/healthz", HealthEndpoints.Alive);
        app.MapGet("/readyz", HealthEndpoints.ReadyAsync);
        return app;
    }
}
