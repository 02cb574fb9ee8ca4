namespace OrleansInference.Gateway.Heads;

/// <summary>A head cannot be reached, or is no longer the head of the pipeline and epoch that it was asked for.</summary>
internal sealed class HeadUnavailableException(string message, Exception? inner) : Exception(message, inner);
