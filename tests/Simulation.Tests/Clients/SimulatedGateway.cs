using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using OrleansInference.Embedded.Simulation;
using OrleansInference.Grains.Gateways;
using OrleansInference.Simulation.Tests.DataPlane;
using OrleansInference.Simulation.Tests.Worlds;

namespace OrleansInference.Simulation.Tests.Clients;

/// <summary>One run of a gateway's silo: admits requests through its gateway grain and carries them to heads, as the real gateway does.</summary>
internal sealed class SimulatedGateway(World world, SimulatedSilo silo)
{
    private const int Attempts = 2;

    private static readonly TimeSpan FirstTokenTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan WholeTimeout = TimeSpan.FromSeconds(90);

    private readonly IGatewayGrain _grain = silo.Services.GetRequiredService<IGrainFactory>().GetGrain<IGatewayGrain>(0);
    private readonly HashSet<RequestRecord> _open = [];

    public SimulatedSilo Silo => silo;

    public void Serve(RequestRecord request)
    {
        _open.Add(request);
        silo.Process.RunAsync(() => ServeAsync(request));
    }

    /// <summary>The process is gone, and its clients' connections with it.</summary>
    public void End()
    {
        foreach (var request in _open)
            world.OnEnded(request, "gateway lost");
        _open.Clear();
    }

    private async Task ServeAsync(RequestRecord request)
    {
        var outcome = "";
        try
        {
            for (var attempt = 1; attempt <= Attempts; attempt++)
            {
                var end = await TryAsync(request);
                outcome = end.Outcome;
                if (!end.MayRetry || request.Tokens.Count > 0)
                    break;
            }
        }
        catch (Exception exception)
        {
            world.Cluster.Loop.Fail(exception);
        }
        _open.Remove(request);
        world.OnEnded(request, outcome);
    }

    private async Task<AttemptEnd> TryAsync(RequestRecord request)
    {
        var decision = await AdmitAsync(request);
        if (decision.Lease is not { } lease)
            return new AttemptEnd(world.OnRefused(decision.Refusal!), MayRetry: false);
        world.OnAdmitted(lease);
        try
        {
            return await GenerateAsync(request, lease);
        }
        finally
        {
            await ReleaseAsync(lease.Id);
        }
    }

    private async Task<AdmissionDecision> AdmitAsync(RequestRecord request)
    {
        try
        {
            return await _grain.AdmitAsync(new AdmissionRequest(request.Model, request.PromptTokens * 4L, request.MaximumTokens));
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            return new AdmissionDecision(null, new AdmissionRefusal(RefusalReason.NotReady, "The cluster does not answer.", 1_000, 0));
        }
    }

    private async Task<AttemptEnd> GenerateAsync(RequestRecord request, GenerationLease lease)
    {
        DataLink link;
        try
        {
            var hello = new LinkHello(LinkRole.Generation, lease.Pipeline, lease.Epoch, 0);
            link = await world.DataPlane.OpenAsync(silo.Process, lease.HeadEndpoint, hello, CancellationToken.None);
        }
        catch (LinkException exception)
        {
            return new AttemptEnd($"head unavailable: {exception.Message}", MayRetry: true);
        }
        var end = new TaskCompletionSource<AttemptEnd>();
        link.From.OnClosed = reason => end.TrySetResult(new AttemptEnd($"head lost: {reason}", MayRetry: true));
        link.From.OnFrame = frame => OnFrame(request, frame, end);
        if (!link.IsOpen)
            return new AttemptEnd("head lost: the connection ended at once", MayRetry: true);
        using var first = silo.Process.Time.CreateTimer(
            _ => TimeOut(request.Tokens.Count == 0, end), null, FirstTokenTimeout, Timeout.InfiniteTimeSpan);
        using var whole = silo.Process.Time.CreateTimer(_ => TimeOut(true, end), null, WholeTimeout, Timeout.InfiniteTimeSpan);
        link.Send(new GenerateFrame(request.Seed, request.PromptTokens, request.MaximumTokens, lease.PrefillChunkRows));
        var outcome = await end.Task;
        link.From.OnFrame = null;
        link.Close("the request has ended");
        return outcome;
    }

    private void OnFrame(RequestRecord request, object frame, TaskCompletionSource<AttemptEnd> end)
    {
        if (frame is DeltaFrame delta)
            world.Checker.OnAnswer(request, request.Add(delta.Position, delta.Token));
        else if (frame is FinishFrame { Error: { } error } failure)
            end.TrySetResult(new AttemptEnd(error, failure.MayRetry));
        else
            end.TrySetResult(new AttemptEnd(RequestOutcome.Complete, MayRetry: false));
    }

    private void TimeOut(bool applies, TaskCompletionSource<AttemptEnd> end)
    {
        if (applies && end.TrySetResult(new AttemptEnd(RequestOutcome.TimedOut, MayRetry: false)))
            world.OnTimedOut();
    }

    private async Task ReleaseAsync(Guid lease)
    {
        try
        {
            await _grain.ReleaseAsync(lease);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            // The lease ends by age.
        }
    }

    private readonly record struct AttemptEnd(string Outcome, bool MayRetry);
}

internal static class RequestOutcome
{
    public const string Complete = "complete";
    public const string TimedOut = "timed out";
}
