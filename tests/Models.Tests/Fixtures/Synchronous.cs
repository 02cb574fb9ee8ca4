namespace OrleansInference.Models.Tests.Fixtures;

/// <summary>Progress that is told at once, on the thread that works.</summary>
public sealed class Synchronous<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
