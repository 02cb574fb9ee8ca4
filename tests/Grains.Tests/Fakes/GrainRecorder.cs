using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace OrleansInference.Grains.Tests.Fakes;

/// <summary>Notes for whom a silo's loggers were made, and so which grain classes had an activation on it.</summary>
internal sealed class GrainRecorder : ILoggerProvider, ILogger
{
    public ConcurrentDictionary<string, bool> Categories { get; } = new();

    public ILogger CreateLogger(string categoryName)
    {
        Categories[categoryName] = true;
        return this;
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => false;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
    }

    public void Dispose()
    {
    }
}
