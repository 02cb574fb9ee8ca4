using System.Text;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.Gateway.Generation;

/// <summary>One completion that a client wants; a request with n = 3 and two prompts orders six.</summary>
/// <param name="PromptIndex">Which of the request's prompts it completes.</param>
/// <param name="PromptField">The request's field that holds the prompt, for errors.</param>
internal sealed record CompletionOrder(string Model, int PromptIndex, string PromptField, long PromptBytes, GenerationRequest Request)
{
    /// <summary>
    /// The field that a head means when it refuses the request. It does not say which; but what the gateway cannot check itself is the
    /// prompt, the tokens of logit_bias and how long a stop text may be, so without those two it is the prompt. Null when it may be any.
    /// </summary>
    public string? RefusedField => Request.Stop.IsEmpty && Request.Sampling.LogitBias.IsEmpty ? PromptField : null;

    /// <summary>The field that is beyond the data plane's bounds, when one is: only these can be, by the gateway's own bounds.</summary>
    public string FieldBeyond(DataPlaneOptions bounds)
    {
        if (Request.Sampling.LogitBias.Length > bounds.MaximumLogitBiases)
            return "logit_bias";
        return Request.Stop.Any(stop => Encoding.UTF8.GetByteCount(stop) > bounds.MaximumStopBytes) ? "stop" : PromptField;
    }

    /// <summary>The orders of n completions of one prompt. The first draws with the client's seed, the others with their own.</summary>
    public IEnumerable<CompletionOrder> Times(int count) => Enumerable.Range(0, count).Select(choice => this with
    {
        Request = Request with { Sampling = Request.Sampling with { Seed = SeedOf(Request.Sampling.Seed, choice) } },
    });

    private static ulong SeedOf(ulong seed, int choice)
    {
        const ulong GoldenRatio = 0x9E37_79B9_7F4A_7C15;
        return unchecked(seed + ((ulong)choice * GoldenRatio));
    }
}
