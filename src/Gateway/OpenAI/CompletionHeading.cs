using System.Security.Cryptography;
using System.Text;

namespace OrleansInference.Gateway.OpenAI;

/// <summary>What every answer and every event of a completion says of itself.</summary>
/// <param name="Created">Unix seconds.</param>
/// <param name="SystemFingerprint">Changes when a seed may give another completion: with the model or the server's version.</param>
internal sealed record CompletionHeading(string Id, long Created, string Model, string SystemFingerprint)
{
    private static readonly string Version = typeof(CompletionHeading).Assembly.GetName().Version!.ToString();

    public static CompletionHeading Of(string prefix, string model, TimeProvider time) =>
        new($"{prefix}-{Guid.CreateVersion7(time.GetUtcNow()):N}", time.GetUtcNow().ToUnixTimeSeconds(), model, FingerprintOf(model));

    private static string FingerprintOf(string model) =>
        "fp_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Version}/{model}")).AsSpan(0, 5));
}
