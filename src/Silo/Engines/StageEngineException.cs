namespace OrleansInference.Silo.Engines;

/// <summary>A slice could not be loaded or computed; the message says what failed and, for a full cache, how full.</summary>
public sealed class StageEngineException : Exception
{
    public StageEngineException(string message) : base(message)
    {
    }

    public StageEngineException(string message, Exception inner) : base(message, inner)
    {
    }
}
