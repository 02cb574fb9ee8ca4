namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>A thread of its own that carries out work in the order it was given, from a bounded queue.</summary>
internal sealed class EngineThread : IAsyncDisposable
{
    private readonly object _gate = new();
    private readonly Queue<EngineCommand> _queue;
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _name;
    private readonly int _capacity;
    private readonly Action _atEnd;
    private bool _isStopping;

    /// <param name="atEnd">Runs on the thread, after everything else.</param>
    public EngineThread(string name, int capacity, Action atEnd)
    {
        _name = name;
        _capacity = capacity;
        _atEnd = atEnd;
        _queue = new Queue<EngineCommand>(capacity);
        new Thread(Run) { Name = name, IsBackground = true }.Start();
    }

    /// <summary>Queues work, or refuses it at once: with a <see cref="StageEngineException"/> when the queue is full.</summary>
    public void Enqueue(EngineCommand command)
    {
        Exception refusal;
        lock (_gate)
        {
            if (!_isStopping && _queue.Count < _capacity)
            {
                _queue.Enqueue(command);
                Monitor.Pulse(_gate);
                return;
            }
            refusal = _isStopping
                ? new ObjectDisposedException(_name)
                : new StageEngineException($"{_name} has {_capacity} calls waiting and takes no more.");
        }
        command.Refuse(refusal);
    }

    /// <summary>Queues work that comes now and then.</summary>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        var command = new SingleCommand<T>(work);
        Enqueue(command);
        return command.Completion;
    }

    /// <summary>Refuses what waits, and returns when the call that runs now has ended and the thread with it.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _isStopping = true;
            Monitor.Pulse(_gate);
        }
        return new ValueTask(_finished.Task);
    }

    private void Run()
    {
        try
        {
            while (Next() is { } command)
                command.Execute();
            while (_queue.TryDequeue(out var command))
                command.Refuse(new ObjectDisposedException(_name));
            _atEnd();
            _finished.SetResult();
        }
        catch (Exception error)
        {
            _finished.SetException(error);
        }
    }

    /// <returns>Null when the thread is to end; nothing is added to the queue from then on.</returns>
    private EngineCommand? Next()
    {
        lock (_gate)
        {
            while (!_isStopping)
            {
                if (_queue.TryDequeue(out var command))
                    return command;
                Monitor.Wait(_gate);
            }
            return null;
        }
    }

    private sealed class SingleCommand<T>(Func<T> work) : EngineCommand
    {
        private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Completion => _completion.Task;

        public override void Execute()
        {
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
