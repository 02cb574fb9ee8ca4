using Orleans.Runtime;
using OrleansInference.Embedded.Activations;

namespace OrleansInference.Embedded.Simulation;

/// <summary>
/// Sees every turn of every silo and checks what the engine promises: one activation of a grain serves in the cluster, and its turns
/// do not overlap unless they may.
/// </summary>
internal sealed class ActivationChecker(SimulationLoop loop)
{
    private readonly Dictionary<GrainId, Serving> _serving = [];

    /// <summary>Turns looked at.</summary>
    public long Checks { get; private set; }

    /// <summary>A call's turn has started.</summary>
    public Action<CallTurn>? CallStarted { get; set; }

    public ITurnObserver ObserverOf(SimulatedProcess process) => new Observer(this, process);

    private void OnStarted(SimulatedProcess process, Activation activation, Turn turn)
    {
        Checks++;
        if (activation.Class.MaximumLocalWorkers is null)
            Note(process, activation, turn);
        if (turn is CallTurn call)
            CallStarted?.Invoke(call);
    }

    private void Note(SimulatedProcess process, Activation activation, Turn turn)
    {
        if (!_serving.TryGetValue(activation.GrainId, out var serving) || serving.Activation != activation)
        {
            if (serving is not null && serving.Process.IsAlive && serving.Activation.IsServing)
            {
                loop.Fail(new InvariantViolationException(
                    "one activation", $"grain {activation.GrainId} serves on {process.Name} while it still serves on {serving.Process.Name}"));
            }
            _serving[activation.GrainId] = serving = new Serving(process, activation);
        }
        if (turn.Interleaves || activation.Class.IsReentrant)
            return;
        if (serving.Running is not null)
            loop.Fail(new InvariantViolationException("turns", $"grain {activation.GrainId} starts a turn while another one has not ended"));
        serving.Running = turn;
    }

    private void OnEnded(Activation activation, Turn turn)
    {
        if (_serving.TryGetValue(activation.GrainId, out var serving) && serving.Running == turn)
            serving.Running = null;
    }

    private sealed record Serving(SimulatedProcess Process, Activation Activation)
    {
        /// <summary>The turn that others must wait for.</summary>
        public Turn? Running { get; set; }
    }

    private sealed class Observer(ActivationChecker checker, SimulatedProcess process) : ITurnObserver
    {
        public void OnStarted(Activation activation, Turn turn) => checker.OnStarted(process, activation, turn);

        public void OnEnded(Activation activation, Turn turn) => checker.OnEnded(activation, turn);
    }
}
