using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.Gateway.Admission;
using OrleansInference.Gateway.Heads;
using OrleansInference.Gateway.Hosting;
using OrleansInference.Gateway.OpenAI.Errors;

namespace OrleansInference.Gateway.Generation;

/// <summary>Starts the completions of HTTP requests.</summary>
internal sealed class CompletionStarter(
    IAdmission admission, HeadClient heads, DrainTimeout drain, IOptions<GatewayOptions> options, IOptions<DataPlaneOptions> bounds,
    TimeProvider time)
{
    /// <summary>The run ends with the HTTP request, whatever happens to it.</summary>
    /// <exception cref="ApiException">A completion was refused, or failed before it began.</exception>
    public async Task<CompletionRun> StartAsync(IEnumerable<CompletionOrder> orders, HttpContext context)
    {
        var run = new CompletionRun(
            [.. orders.Select(order => new Completion(order, admission, heads, options.Value, bounds.Value))],
            new(options.Value, time, drain.Token, context.RequestAborted));
        context.Response.RegisterForDisposeAsync(run);
        await run.StartAsync();
        return run;
    }
}
