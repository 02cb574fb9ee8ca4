namespace OrleansInference.Models.Store;

/// <summary>How far long work on a model is.</summary>
/// <param name="What">What is at work now, for example "layer 3".</param>
public readonly record struct ImportProgress(string What, long DoneBytes, long TotalBytes);
