using System.Collections.Immutable;
using System.Text;
using System.Threading.Channels;
using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Gateway.Heads;

/// <summary>
/// Where a completion waits to be read. Deltas run together while nobody reads, so a slow reader costs fewer, larger parts and never
/// holds up the other completions of the connection. One reader, one writer.
/// </summary>
internal sealed class CompletionInbox(bool keepsTokens, int maximumPendingBytes)
{
    private const int BytesPerToken = 48;

    private readonly Lock _lock = new();
    private readonly Channel<bool> _arrivals = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly StringBuilder _text = new();
    private readonly List<TokenLogProbability> _tokens = [];
    private GenerationFinish? _finish;
    private int _pendingBytes;

    /// <returns>False when that is more than may wait; the completion is then over.</returns>
    public bool Add(GenerationDelta delta)
    {
        var fits = true;
        lock (_lock)
        {
            if (_finish is not null)
                return true;

            _pendingBytes += (delta.Text.Length * sizeof(char)) + (keepsTokens ? delta.Tokens.Sum(BytesOf) : 0);
            fits = _pendingBytes <= maximumPendingBytes;
            if (fits)
                Append(delta);
            else
                _finish = TooSlow;
        }

        _arrivals.Writer.TryWrite(true);
        return fits;
    }

    /// <summary>The first finish counts.</summary>
    public void Finish(GenerationFinish finish)
    {
        lock (_lock)
            _finish ??= finish;
        _arrivals.Writer.TryWrite(true);
    }

    /// <summary>Waits until something has arrived, and takes all of it.</summary>
    public async ValueTask<CompletionPart> ReadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            if (TryTake(out var part))
                return part;
            await _arrivals.Reader.ReadAsync(cancellation);
        }
    }

    private bool TryTake(out CompletionPart part)
    {
        lock (_lock)
        {
            part = new(_text.ToString(), [.. _tokens], _finish);
            _text.Clear();
            _tokens.Clear();
            _pendingBytes = 0;
            return part.Finish is not null || part.Text.Length > 0 || part.Tokens.Length > 0;
        }
    }

    private void Append(GenerationDelta delta)
    {
        _text.Append(delta.Text);
        if (keepsTokens)
            _tokens.AddRange(delta.Tokens);
    }

    private GenerationFinish TooSlow => new(FinishReason.Error, 0, 0, new(GenerationErrorCode.Internal,
        $"The client reads too slowly: more than {maximumPendingBytes} bytes of the completion were waiting for it."));

    private static int BytesOf(TokenLogProbability token) => BytesPerToken * (1 + token.Alternatives.Length);
}
