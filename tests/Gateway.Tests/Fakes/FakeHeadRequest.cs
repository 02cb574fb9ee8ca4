using System.Collections.Immutable;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Gateway.Tests.Fakes;

/// <summary>One Generate frame that the fake head got, and how it answers.</summary>
internal sealed class FakeHeadRequest(GenerateFrame frame, DataPlaneConnection connection)
{
    private readonly CancellationTokenSource _cancelled = new();

    public GenerationRequest Generation => frame.Request;

    public HelloFrame Hello => connection.Hello;

    /// <summary>Cancelled when the gateway sends Cancel.</summary>
    public CancellationToken Cancelled => _cancelled.Token;

    public bool IsCancelled => _cancelled.IsCancellationRequested;

    public bool IsDone { get; private set; }

    /// <summary>What broke the script, so that a test does not pass by accident.</summary>
    public Exception? Failure { get; private set; }

    public ValueTask SendAsync(string text, params ImmutableArray<TokenLogProbability> tokens) =>
        connection.SendAsync(new DeltaFrame(frame.RequestId, new(text, tokens)));

    public ValueTask FinishAsync(
        FinishReason reason = FinishReason.Stop, int promptTokens = 7, int completionTokens = 4, int cachedTokens = 3) =>
        FinishAsync(new GenerationFinish(
            reason, promptTokens, completionTokens, CachedTokens: cachedTokens, DraftedTokens: 3, AcceptedTokens: 2));

    public ValueTask FailAsync(GenerationErrorCode code, string message, int retryAfterMilliseconds = 0) =>
        FinishAsync(new GenerationFinish(FinishReason.Error, 0, 0, new(code, message, retryAfterMilliseconds)));

    public ValueTask FinishAsync(GenerationFinish finish) => connection.SendAsync(new FinishFrame(frame.RequestId, finish));

    /// <summary>Breaks the connection, as a dying process does.</summary>
    public ValueTask DropConnectionAsync() => connection.DisposeAsync();

    public void OnCancel() => _cancelled.Cancel();

    public async Task RunAsync(Func<FakeHeadRequest, Task> script)
    {
        // The script must not hold up the connection's other requests.
        await Task.Yield();
        try
        {
            await script(this);
        }
        catch (OperationCanceledException) when (IsCancelled)
        {
            await connection.SendAsync(new FinishFrame(frame.RequestId, new(FinishReason.Cancelled, 7, 1)));
        }
        catch (DataPlaneClosedException)
        {
        }
        catch (Exception exception)
        {
            Failure = exception;
        }
        finally
        {
            IsDone = true;
        }
    }
}
