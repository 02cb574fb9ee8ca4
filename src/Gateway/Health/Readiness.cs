namespace OrleansInference.Gateway.Health;

/// <summary>What GET /readyz answers: 200 with status "ready", or 503; both with how far each deployed model is.</summary>
/// <param name="Reason">Why the gateway is not ready, for people; null when it is.</param>
internal sealed record Readiness(string Status, string? Reason, IReadOnlyList<ModelReadiness> Models);

/// <param name="LoadProgress">0 to 1, of the pipeline that is furthest.</param>
/// <param name="Reason">Why the model is not ready; null when it is.</param>
internal sealed record ModelReadiness(string Model, bool Ready, double LoadProgress, string? Reason);
