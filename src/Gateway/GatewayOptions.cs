using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Gateway;

/// <summary>The bounds of the HTTP API. Configuration section: Gateway.</summary>
internal sealed class GatewayOptions : IValidatableObject
{
    public const string Section = "Gateway";

    private const string EveryOrigin = "*";

    /// <summary>Bytes of a request body; more is answered with 413. Default 1 MiB.</summary>
    [Range(1_024, 64 * 1_048_576)]
    public int MaximumBodyBytes { get; set; } = 1_048_576;

    /// <summary>UTF-8 bytes of a prompt, of all messages, or of what a chat template is told besides; more is answered with 413. Default 512 KiB.</summary>
    [Range(1, 64 * 1_048_576)]
    public int MaximumPromptBytes { get; set; } = 524_288;

    /// <summary>Messages of a chat. Default 1,024.</summary>
    [Range(1, 100_000)]
    public int MaximumMessages { get; set; } = 1_024;

    /// <summary>Characters of one stop text. Default 256.</summary>
    [Range(1, 65_536)]
    public int MaximumStopCharacters { get; set; } = 256;

    /// <summary>Entries of logit_bias. Default 300.</summary>
    [Range(0, 100_000)]
    public int MaximumLogitBiases { get; set; } = 300;

    /// <summary>Completions of one request: n times its prompts. Default 32; LangChain, for one, sends prompts by twenties.</summary>
    [Range(1, 128)]
    public int MaximumChoices { get; set; } = 32;

    /// <summary>The largest max_tokens that a request may ask for. Default 131,072.</summary>
    [Range(1, 16_777_216)]
    public int MaximumCompletionTokens { get; set; } = 131_072;

    /// <summary>Generation requests served at once. Default 256.</summary>
    [Range(1, 65_536)]
    public int MaximumConcurrentRequests { get; set; } = 256;

    /// <summary>Generation requests that may wait for one of those to end; more are answered with 429. Default 64.</summary>
    [Range(0, 65_536)]
    public int MaximumWaitingRequests { get; set; } = 64;

    /// <summary>Seconds until a request's first token, all queues included; then it is answered with 503. Default 120.</summary>
    [Range(1, 3_600)]
    public int FirstTokenTimeoutSeconds { get; set; } = 120;

    /// <summary>Seconds that a request may take altogether; then it ends with an error. Default 1,800.</summary>
    [Range(1, 86_400)]
    public int RequestTimeoutSeconds { get; set; } = 1_800;

    /// <summary>Bytes of a completion that may wait for a slow client; beyond, the completion ends with an error. Default 1 MiB.</summary>
    [Range(4_096, 64 * 1_048_576)]
    public int MaximumPendingBytes { get; set; } = 1_048_576;

    /// <summary>
    /// How often one completion is admitted when the head it was sent to turns out to be gone or of an older epoch before its first
    /// token. Default 2.
    /// </summary>
    [Range(1, 10)]
    public int AdmissionAttempts { get; set; } = 2;

    /// <summary>Milliseconds that sending a Cancel to a head may take before its connection is given up. Default 2,000.</summary>
    [Range(10, 60_000)]
    public int CancelTimeoutMilliseconds { get; set; } = 2_000;

    /// <summary>
    /// Milliseconds that requests in progress have to end when the gateway stops; then they end with an error, and the process within
    /// two seconds more. Whoever stops it must wait longer than both: <c>oinf up</c> waits 5 s. Default 2,000.
    /// </summary>
    [Range(0, 1_800_000)]
    public int DrainMilliseconds { get; set; } = 2_000;

    /// <summary>Client connections held at once; more are closed. Default 4,096.</summary>
    [Range(1, 1_000_000)]
    public int MaximumConnections { get; set; } = 4_096;

    /// <summary>
    /// Origins whose web pages may call /v1 from a browser, such as https://chat.example.com, separated by commas; * means all. Default:
    /// none.
    /// </summary>
    public string AllowedOrigins { get; set; } = "";

    /// <summary>What Retry-After says when nobody knows better, in milliseconds. Default 1,000.</summary>
    [Range(1, 600_000)]
    public int RetryAfterMilliseconds { get; set; } = 1_000;

    internal string[] AllowedOriginList =>
        AllowedOrigins.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        AllowedOriginList.Select(OriginProblem).OfType<string>().Select(problem => new ValidationResult(problem, [nameof(AllowedOrigins)]));

    /// <summary>Why no browser would ever send this; null when one may.</summary>
    private string? OriginProblem(string origin)
    {
        var place = $"'{origin}' in {Section}:{nameof(AllowedOrigins)}";
        if (origin == EveryOrigin)
            return AllowedOriginList.Length == 1 ? null : $"{place} stands alone: it means every origin.";
        if (!Uri.TryCreate(origin, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https")
            || address.UserInfo.Length > 0)
            return $"{place} is no origin: write a scheme and a host, such as https://chat.example.com, or {EveryOrigin} for every origin.";
        var right = address.GetLeftPart(UriPartial.Authority);
        return right.Equals(origin, StringComparison.OrdinalIgnoreCase) ? null : $"{place} is more than an origin: write '{right}'.";
    }
}
