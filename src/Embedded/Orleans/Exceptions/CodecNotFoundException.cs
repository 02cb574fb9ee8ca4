namespace Orleans.Serialization;

/// <summary>A value of a type that cannot be sent was to be sent; of an exception, that its type has no [GenerateSerializer].</summary>
[GenerateSerializer]
public sealed class CodecNotFoundException(string message) : Exception(message);
