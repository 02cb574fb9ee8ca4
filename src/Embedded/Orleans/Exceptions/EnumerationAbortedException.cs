namespace Orleans.Runtime;

/// <summary>The grain that was enumerated has ended since, or nobody asked for its next element for too long.</summary>
[GenerateSerializer]
public sealed class EnumerationAbortedException(string message) : Exception(message);
