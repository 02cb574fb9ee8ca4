namespace OrleansInference.Embedded.Simulation;

/// <summary>
/// The one thread of a simulation. Work that is ready runs in an order that the seed decides; when there is none, time jumps to the
/// next event. Everything that engine, grains and the simulated world do goes through here, so one seed is one run.
/// </summary>
internal sealed class SimulationLoop
{
    /// <summary>Work at one instant beyond this means that something goes round without ever waiting.</summary>
    private const int MaximumStepsPerInstant = 2_000_000;

    /// <summary>Cancelled events that are not worth looking for.</summary>
    private const int FewCancelled = 1_000;

    private readonly PriorityQueue<ScheduledEvent, EventKey> _events = new();
    private readonly List<ReadyWork> _ready = [];
    private readonly Random _random;
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private long _sequence;
    private int _cancelled;
    private int _stepsAtInstant;
    private volatile Exception? _failure;

    public SimulationLoop(int seed, TextWriter? trace)
    {
        _random = new Random(seed);
        Log = new EventLog(this, seed, trace);
    }

    /// <summary>Virtual time since the simulation began.</summary>
    public TimeSpan Now => new(NowTicks);

    public EventLog Log { get; }

    /// <summary>Events and pieces of work that ran.</summary>
    public long Steps { get; private set; }

    /// <summary>Called after every event and every piece of work: where a world checks what must always hold.</summary>
    public Action? AfterStep { get; set; }

    internal long NowTicks { get; private set; }

    /// <summary>Runs events and work until a condition holds.</summary>
    /// <exception cref="SimulationException">Something failed, or the condition does not hold within the limit.</exception>
    public void Run(Func<bool> isDone, TimeSpan limit)
    {
        var end = NowTicks + limit.Ticks;
        while (!isDone())
        {
            ThrowIfFailed();
            if (_ready.Count > 0)
                RunReady();
            else if (_events.TryPeek(out _, out var key) && key.At <= end)
                RunNext();
            else
                throw new SimulationException($"What was waited for did not happen within {limit} of virtual time, until {Now}.");
        }
        ThrowIfFailed();
    }

    /// <summary>Runs for a time.</summary>
    public void RunFor(TimeSpan duration)
    {
        var end = NowTicks + duration.Ticks;
        while (true)
        {
            ThrowIfFailed();
            if (_ready.Count > 0)
            {
                RunReady();
            }
            else if (_events.TryPeek(out _, out var key) && key.At <= end)
            {
                RunNext();
            }
            else
            {
                NowTicks = end;
                return;
            }
        }
    }

    /// <summary>Ends the simulation with a failure, however deep in grain code it was found.</summary>
    public void Fail(Exception failure) => Interlocked.CompareExchange(ref _failure, failure, null);

    /// <summary>Whether the caller is on the simulation's thread; if not, the simulation fails, because its order is lost.</summary>
    public bool IsOnThread(string what)
    {
        if (Environment.CurrentManagedThreadId == _thread)
            return true;
        Fail(new SimulationException($"{what} happened on another thread: something has left the simulation.\n{Environment.StackTrace}"));
        return false;
    }

    public void Schedule(SimulatedEvent scheduled, long atTicks)
    {
        if (IsOnThread("An event"))
            _events.Enqueue(new ScheduledEvent(scheduled, scheduled.Version), new EventKey(Math.Max(atTicks, NowTicks), _sequence++));
    }

    /// <summary>Runs an action of a process after a delay, unless the process is dead by then.</summary>
    public void Schedule(SimulatedProcess process, TimeSpan delay, EventKind kind, Action action) =>
        Schedule(new ActionEvent(process, kind, action), NowTicks + delay.Ticks);

    /// <summary>
    /// A scheduled event will not happen. Most timers are timeouts of calls that are answered at once: left until their time, they and
    /// their calls would be most of what the simulation holds in memory.
    /// </summary>
    internal void OnCancelled()
    {
        if (++_cancelled < FewCancelled || _cancelled < _events.Count / 2)
            return;
        var rest = _events.UnorderedItems.Where(static item => item.Element.IsCurrent).ToList();
        _events.Clear();
        _events.EnqueueRange(rest);
        _cancelled = 0;
    }

    internal void Enqueue(ReadyWork work)
    {
        if (IsOnThread("Work"))
            _ready.Add(work);
    }

    internal void Reschedule(ScheduledEvent held) => _events.Enqueue(held, new EventKey(NowTicks, _sequence++));

    private void RunReady()
    {
        if (++_stepsAtInstant > MaximumStepsPerInstant)
            throw new SimulationException($"Virtual time does not get beyond {Now}: something goes round without waiting.");
        var index = _ready.Count == 1 ? 0 : _random.Next(_ready.Count);
        var work = _ready[index];
        _ready[index] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        if (!work.Process.IsAlive)
            return;
        if (work.Process.IsFrozen)
        {
            work.Process.Hold(work);
            return;
        }
        Log.Add(EventKind.Work, work.Process.Number);
        work.Run();
        Finish();
    }

    private void RunNext()
    {
        _events.TryDequeue(out var next, out var key);
        if (key.At != NowTicks)
            (NowTicks, _stepsAtInstant) = (key.At, 0);
        var process = next.Event.Process;
        if (!next.IsCurrent || !process.IsAlive)
            return;
        if (process.IsFrozen)
        {
            process.Hold(next);
            return;
        }
        Log.Add(next.Event.Kind, process.Number);
        next.Event.Run();
        Finish();
    }

    private void Finish()
    {
        Steps++;
        AfterStep?.Invoke();
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
            throw failure as SimulationException ?? new SimulationException(failure.Message, failure);
    }

    private sealed class ActionEvent(SimulatedProcess process, EventKind kind, Action action) : SimulatedEvent(process)
    {
        public override EventKind Kind => kind;

        public override void Run() => action();
    }
}
