namespace OrleansInference.Gateway.Heads;

/// <summary>Where a pipeline's requests go, under one plan.</summary>
/// <param name="Endpoint">host:port of the head's data plane.</param>
internal readonly record struct HeadAddress(string Endpoint, string Pipeline, long Epoch);
