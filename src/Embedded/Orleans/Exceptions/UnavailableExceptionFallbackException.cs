namespace Orleans.Serialization;

/// <summary>Stands in for an exception whose type the caller does not have; <see cref="ExceptionType"/> names it.</summary>
public sealed class UnavailableExceptionFallbackException : Exception
{
    public UnavailableExceptionFallbackException()
    {
    }

    public UnavailableExceptionFallbackException(string message, Exception innerException) : base(message, innerException)
    {
    }

    public string? ExceptionType { get; internal set; }

    public override string ToString() => $"Unknown exception of type {ExceptionType}: {base.ToString()}";
}
