using System.Collections.Concurrent;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>A thread of its own that carries out work in the order it was given, from a bounded queue.</summary>
internal sealed class EngineThread : IAsyncDisposable
{
    private readonly BlockingCollection<Command> _queue;
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _name;
    private readonly int _capacity;
    private volatile bool _stopping;
    private readonly Action _atEnd;

    /// <param name="atEnd">Runs on the thread, after everything else.</param>
    public EngineThread(string name, int capacity, Action atEnd)
    {
        _name = name;
        _capacity = capacity;
        _atEnd = atEnd;
        _queue = new BlockingCollection<Command>(new ConcurrentQueue<Command>(), capacity);
        new Thread(Run) { Name = name, IsBackground = true }.Start();
    }

    /// <summary>Queues work. Work that has not begun when it is cancelled is left out.</summary>
    /// <exception cref="StageEngineException">The queue is full.</exception>
    public Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellation = default)
    {
        var command = new Command<T>(work, cancellation);
        try
        {
            if (_queue.TryAdd(command))
                return command.Completion;
        }
        catch (InvalidOperationException)
        {
            // Adding is completed, or the queue is disposed of: the engine is.
            return Task.FromException<T>(new ObjectDisposedException(_name));
        }
        return Task.FromException<T>(new StageEngineException($"{_name} has {_capacity} calls waiting and takes no more."));
    }

    /// <summary>Refuses what waits, and returns when the call that runs now has ended and the thread with it.</summary>
    public ValueTask DisposeAsync()
    {
        _stopping = true;
        try
        {
            _queue.CompleteAdding();
        }
        catch (ObjectDisposedException)
        {
            // The thread has ended already.
        }
        return new ValueTask(_finished.Task);
    }

    private void Run()
    {
        try
        {
            foreach (var command in _queue.GetConsumingEnumerable())
            {
                if (_stopping)
                    command.Refuse(new ObjectDisposedException(_name));
                else
                    command.Execute();
            }
            _atEnd();
            _queue.Dispose();
            _finished.SetResult();
        }
        catch (Exception error)
        {
            _finished.SetException(error);
        }
    }

    private abstract class Command
    {
        public abstract void Execute();

        public abstract void Refuse(Exception reason);
    }

    private sealed class Command<T>(Func<T> work, CancellationToken cancellation) : Command
    {
        private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Completion => _completion.Task;

        public override void Execute()
        {
            if (cancellation.IsCancellationRequested)
            {
                _completion.SetCanceled(cancellation);
                return;
            }
            try
            {
                _completion.SetResult(work());
            }
            catch (Exception error)
            {
                _completion.SetException(error);
            }
        }

        public override void Refuse(Exception reason) => _completion.SetException(reason);
    }
}
