namespace OrleansInference.Models.Store;

/// <summary>A blob that is not what the manifest says.</summary>
/// <param name="What">What it is to the model: "metadata", "embedding", "layer 3", "tail" or "shared".</param>
/// <param name="Problem">What is wrong, in words.</param>
public sealed record BlobFault(string What, string Sha256, string Problem);
