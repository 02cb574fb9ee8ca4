using System.Collections.Concurrent;
using Orleans;
using Orleans.Runtime;

namespace OrleansInference.ActorEngine.Tests.Grains;

/// <summary>A grain whose life can be followed.</summary>
public interface ILifeGrain : IGrainWithStringKey
{
    Task<Guid> GetActivationAsync();

    Task EndAsync();

    Task EndWhileWaitingAsync(string gate);

    Task StartTimerAsync(TimeSpan period, bool interleave, bool fails);

    Task StopTimerAsync();

    Task<TimerReport> GetTimerReportAsync();

    /// <summary>Holds the grain while its timer is due.</summary>
    Task<int> HoldAsync(string gate);
}

[GenerateSerializer, Immutable]
public sealed record TimerReport(int Ticks, bool IsEverConcurrent, bool IsOnScheduler);

public sealed class LifeGrain : Grain, ILifeGrain
{
    public static readonly ConcurrentDictionary<string, int> Activations = new();
    public static readonly ConcurrentDictionary<string, DeactivationReasonCode> Deactivations = new();
    public static readonly ConcurrentDictionary<string, int> Ticks = new();

    /// <summary>Activations that there are now, by key, and the keys that ever had two.</summary>
    public static readonly ConcurrentDictionary<string, int> Living = new();
    public static readonly ConcurrentBag<string> Doubles = [];

    private readonly Guid _activation = Guid.NewGuid();
    private IGrainTimer? _timer;
    private TaskScheduler? _scheduler;
    private int _ticks;
    private bool _isTicking;
    private bool _isEverConcurrent;
    private bool _isOnScheduler = true;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = this.GetPrimaryKeyString();
        Activations.AddOrUpdate(key, 1, static (_, count) => count + 1);
        if (Living.AddOrUpdate(key, 1, static (_, count) => count + 1) > 1)
            Doubles.Add(key);
        if (key.StartsWith("fails/", StringComparison.Ordinal))
            throw new OrderRefusedException("no activation", 1);
        await Task.Yield();
        _scheduler = TaskScheduler.Current;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await Task.Yield();
        Living.AddOrUpdate(this.GetPrimaryKeyString(), 0, static (_, count) => count - 1);
        Deactivations[this.GetPrimaryKeyString()] = reason.ReasonCode;
    }

    public Task<Guid> GetActivationAsync() => Task.FromResult(_activation);

    public Task EndAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task EndWhileWaitingAsync(string gate)
    {
        DeactivateOnIdle();
        await Gate.Of(gate).PassAsync();
    }

    public Task StartTimerAsync(TimeSpan period, bool interleave, bool fails)
    {
        _timer = this.RegisterGrainTimer(
            static (state, _) => state.Self.OnTimerAsync(state.fails),
            (Self: this, fails),
            new GrainTimerCreationOptions { DueTime = period, Period = period, Interleave = interleave });
        return Task.CompletedTask;
    }

    public Task StopTimerAsync()
    {
        _timer?.Dispose();
        return Task.CompletedTask;
    }

    public Task<TimerReport> GetTimerReportAsync() => Task.FromResult(new TimerReport(_ticks, _isEverConcurrent, _isOnScheduler));

    public async Task<int> HoldAsync(string gate)
    {
        await Gate.Of(gate).PassAsync();
        return _ticks;
    }

    private async Task OnTimerAsync(bool fails)
    {
        _isEverConcurrent |= _isTicking;
        _isOnScheduler &= TaskScheduler.Current == _scheduler;
        _isTicking = true;
        await Task.Yield();
        _isTicking = false;
        _ticks++;
        Ticks.AddOrUpdate(this.GetPrimaryKeyString(), 1, static (_, count) => count + 1);
        if (fails)
            throw new InvalidOperationException("a timer that fails");
    }
}
