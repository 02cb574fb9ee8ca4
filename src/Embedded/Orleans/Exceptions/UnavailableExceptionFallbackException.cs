namespace Orleans.Serialization;

/// <summary>Stands in for an exception whose type the caller does not have; <see cref="ExceptionType"/> names it.</summary>
public sealed class UnavailableExceptionFallbackException(string message, Exception innerException) : Exception(message, innerException)
{
    public string? ExceptionType { get; internal set; }

    public override string ToString() => $"Unknown exception of type {ExceptionType}: {base.ToString()}";
}
