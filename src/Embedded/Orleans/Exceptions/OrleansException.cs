namespace Orleans.Runtime;

[GenerateSerializer]
public class OrleansException : Exception
{
    public OrleansException(string message) : base(message)
    {
    }

    public OrleansException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

/// <summary>The call did not reach a grain.</summary>
[GenerateSerializer]
public class OrleansMessageRejectionException : OrleansException
{
    internal OrleansMessageRejectionException(string message) : base(message)
    {
    }

    internal OrleansMessageRejectionException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

/// <summary>The silo that had the call is gone; whether the call was carried out is not known.</summary>
[GenerateSerializer]
public sealed class SiloUnavailableException : OrleansMessageRejectionException
{
    public SiloUnavailableException(string msg) : base(msg)
    {
    }

    public SiloUnavailableException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

/// <summary>A bound was reached, such as the length of a grain's mailbox.</summary>
[GenerateSerializer]
public sealed class LimitExceededException(string message) : OrleansException(message);

/// <summary>The host cannot start as configured; the message says what to change.</summary>
[GenerateSerializer]
public sealed class OrleansConfigurationException(string message) : Exception(message);
