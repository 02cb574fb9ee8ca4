using System.Collections.Concurrent;
using OrleansInference.Silo.Engines.LlamaCpp;

namespace OrleansInference.Silo.Tests.Engines;

public sealed class ComputeGateTests
{
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(20);

    private static bool NotAborted() => false;

    [Fact]
    public async Task Enter_WhenEachThreadHasAProcessor_LetsSlicesComputeAtOnce()
    {
        var gate = new ComputeGate(processorCount: 4);

        await Task.Run(() =>
        {
            gate.Enter(2, NotAborted);
            gate.Enter(1, NotAborted);
            gate.Enter(1, NotAborted);
        }, TestContext.Current.CancellationToken).WaitAsync(s_bound, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Enter_WhenASliceHasMoreThreadsThanThereAreProcessors_LetsItComputeAlone()
    {
        var gate = new ComputeGate(processorCount: 2);
        gate.Enter(8, NotAborted);
        var order = new ConcurrentQueue<int>();
        var next = Waiter(gate, 1, order);

        order.ShouldBeEmpty();
        gate.Leave(8);
        next.Join(s_bound).ShouldBeTrue();
    }

    [Fact]
    public void Enter_WhenSeveralWait_LetsThemInInTheOrderTheyCame()
    {
        var gate = new ComputeGate(processorCount: 2);
        var order = new ConcurrentQueue<int>();
        gate.Enter(2, NotAborted);
        // The second alone would fit before the first; it must not overtake, or a slice of many threads would never have its turn.
        gate.Leave(1);
        Thread[] waiters = [Waiter(gate, 2, order), Waiter(gate, 1, order), Waiter(gate, 2, order)];
        order.ShouldBeEmpty();

        gate.Leave(1);

        waiters.ShouldAllBe(waiter => waiter.Join(s_bound));
        order.ShouldBe([2, 1, 2]);
    }

    [Fact]
    public void Enter_WhenItsSliceIsBrokenOff_WaitsNoLongerAndLetsTheNextIn()
    {
        var gate = new ComputeGate(processorCount: 2);
        var (isAborted, order) = (false, new ConcurrentQueue<int>());
        gate.Enter(1, NotAborted);
        var first = Waiter(gate, 2, order, () => Volatile.Read(ref isAborted));
        var second = Waiter(gate, 1, order);

        Volatile.Write(ref isAborted, true);
        gate.Wake();

        first.Join(s_bound).ShouldBeTrue();
        second.Join(s_bound).ShouldBeTrue();
        order.ShouldBe([1]);
    }

    /// <summary>A thread that has come to the gate and waits there; it notes its threads when it is let in, and leaves.</summary>
    private static Thread Waiter(ComputeGate gate, int threads, ConcurrentQueue<int> order, Func<bool>? isAborted = null)
    {
        var waiter = new Thread(() =>
        {
            if (!gate.Enter(threads, isAborted ?? NotAborted))
                return;
            order.Enqueue(threads);
            gate.Leave(threads);
        }) { IsBackground = true };
        waiter.Start();
        SpinWait.SpinUntil(() => waiter.ThreadState.HasFlag(ThreadState.WaitSleepJoin), s_bound).ShouldBeTrue();
        return waiter;
    }
}
