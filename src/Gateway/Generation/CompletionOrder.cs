using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Gateway.Generation;

/// <summary>One completion that a client wants; a request with n = 3 and two prompts orders six.</summary>
/// <param name="PromptIndex">Which of the request's prompts it completes.</param>
/// <param name="PromptField">The request's field that holds the prompt, for errors.</param>
internal sealed record CompletionOrder(string Model, int PromptIndex, string PromptField, long PromptBytes, GenerationRequest Request)
{
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
