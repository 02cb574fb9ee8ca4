namespace OrleansInference.Models.Store;

/// <summary>The store has no such model, or several versions of it; the message lists what it has.</summary>
public sealed class ModelNotFoundException(string message) : Exception(message);
