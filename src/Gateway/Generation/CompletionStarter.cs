using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.Gateway.Admission;
using OrleansInference.Gateway.Heads;
using OrleansInference.Gateway.OpenAI.Errors;

namespace OrleansInference.Gateway.Generation;

/// <summary>Starts the completions of HTTP requests.</summary>
internal sealed class CompletionStarter(
    IAdmission admission, HeadClient heads, IOptions<GatewayOptions> options, IOptions<DataPlaneOptions> bounds)
{
    /// <summary>The run ends with the HTTP request, whatever happens to it, and by the deadline that the gate gave it.</summary>
    /// <exception cref="ApiException">A completion was refused, or failed before it began.</exception>
    public async Task<CompletionRun> StartAsync(IEnumerable<CompletionOrder> orders, HttpContext context)
    {
        var run = new CompletionRun(
            [.. orders.Select(order => new Completion(order, admission, heads, options.Value, bounds.Value))],
            context.Features.GetRequiredFeature<Deadline>());
        context.Response.RegisterForDisposeAsync(run);
        await run.StartAsync();
        return run;
    }
}
