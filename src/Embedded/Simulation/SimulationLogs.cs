using Microsoft.Extensions.Logging;

namespace OrleansInference.Embedded.Simulation;

/// <summary>Takes what a process logs into the log of the simulation.</summary>
internal sealed class SimulationLogs(SimulatedProcess process) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new Logger(process);

    public void Dispose()
    {
    }

    private sealed class Logger(SimulatedProcess process) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        // Not the exception itself: its stack trace may differ between two runs of one seed.
        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (process.IsAlive)
                process.Loop.Log.Add(process.Name, exception is null ? formatter(state, null) : $"{formatter(state, null)} ({exception.GetType().Name}: {exception.Message})");
        }
    }
}
