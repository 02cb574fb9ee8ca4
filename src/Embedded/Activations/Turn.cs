using Orleans;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Activations;

/// <summary>One piece of work of a grain, from start to finish: a call or a timer's callback.</summary>
/// <param name="interleaves">Whether it may run while others do, and does not keep others from running.</param>
/// <param name="keepsAlive">Whether it keeps the grain from being idle.</param>
internal abstract class Turn(bool interleaves, bool keepsAlive)
{
    public bool Interleaves => interleaves;

    public bool KeepsAlive => keepsAlive;

    /// <summary>Runs on the activation's scheduler. Does not throw: what goes wrong is told to whoever waits for the turn.</summary>
    public abstract Task RunAsync(Activation activation);

    /// <summary>The activation ended, or could not start, before the turn ran. A timer ends with it, and is not told.</summary>
    public virtual void Refuse(TurnRefusal refusal)
    {
    }
}

/// <summary>Why a turn did not run.</summary>
/// <param name="Reason">What whoever sent it is to do.</param>
/// <param name="Owner">With <see cref="RefusalReason.Elsewhere"/>: the silo that has the grain, where that is known.</param>
/// <param name="Fault">With <see cref="RefusalReason.Failed"/>: what the caller is told.</param>
[GenerateSerializer]
internal readonly record struct TurnRefusal(RefusalReason Reason, SiloAddress? Owner = null, Exception? Fault = null);

internal enum RefusalReason : byte
{
    /// <summary>Find the grain again: it was here, or never was.</summary>
    Elsewhere = 0,

    /// <summary>The activation ended while the call waited for it: send it to the next one.</summary>
    Ended = 1,

    /// <summary>There is nothing to be gained from trying again.</summary>
    Failed = 2,
}
