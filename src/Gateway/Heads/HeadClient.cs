using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Gateway.Heads;

/// <summary>
/// The gateway's side of the data plane: one connection per head, pipeline and epoch, opened when it is first needed. A pipeline's
/// connections of older epochs are closed as soon as their completions are done.
/// </summary>
internal sealed partial class HeadClient(
    DataPlaneConnector connector, IOptions<GatewayOptions> options, TimeProvider time, ILogger<HeadClient> logger) : IAsyncDisposable
{
    /// <summary>Every request tries a head that cannot be used anew, and would say so again.</summary>
    private static readonly TimeSpan SayPeriod = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<HeadAddress, (HeadConnection Connection, Task Opening)> _connections = [];
    private readonly CancellationTokenSource _stopping = new();
    /// <summary>When it was last said that a head cannot be used; null: never.</summary>
    private long? _saidAt;

    /// <summary>Completions that heads have sent nothing of yet: they wait for a slot, or their prompt is computed.</summary>
    public int WaitingCount => Connected().Sum(connection => connection.WaitingCount);

    /// <summary>Completions that heads have begun to send.</summary>
    public int RunningCount => Connected().Sum(connection => connection.RunningCount);

    public int ConnectionCount => Connected().Length;

    public TokenTotals Tokens { get; } = new();

    /// <exception cref="HeadUnavailableException">The head is gone, or no longer serves that epoch.</exception>
    /// <exception cref="ArgumentException">The request is beyond the data plane's bounds.</exception>
    public async Task<HeadRequest> StartAsync(HeadAddress address, GenerationRequest request, CancellationToken cancellation)
    {
        var (connection, opening) = ConnectionTo(address);
        await opening.WaitAsync(cancellation);
        return await connection.StartAsync(request, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        foreach (var connection in Connected())
            await connection.DisposeAsync();
        _stopping.Dispose();
    }

    private (HeadConnection Connection, Task Opening) ConnectionTo(HeadAddress address)
    {
        lock (_lock)
        {
            if (_connections.TryGetValue(address, out var existing))
                return existing;

            var connection = new HeadConnection(address, options.Value, Tokens, time, logger) { Closed = Remove };
            // Shared by every request that waits for it, so no single one of them may cancel it; the connector bounds it.
            return _connections[address] = (connection, OpenAsync(connection));
        }
    }

    private async Task OpenAsync(HeadConnection connection)
    {
        // Out of the lock.
        await Task.Yield();
        try
        {
            await connection.ConnectAsync(connector, _stopping.Token);
            RetireOlderThan(connection.Address);
        }
        catch (Exception exception)
        {
            Remove(connection);
            if (exception is HeadUnavailableException { InnerException: { } reason } && IsTimeToSay())
                OnUnavailable(connection.Address.Pipeline, connection.Address.Epoch, connection.Address.Endpoint, reason.Message);
            throw;
        }
    }

    private bool IsTimeToSay()
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (_saidAt is { } saidAt && time.GetElapsedTime(saidAt, now) < SayPeriod)
                return false;
            _saidAt = now;
            return true;
        }
    }

    private void RetireOlderThan(HeadAddress address)
    {
        foreach (var connection in Connected())
        {
            if (connection.Address.Pipeline == address.Pipeline && connection.Address.Epoch < address.Epoch)
                connection.Retire();
        }
    }

    private void Remove(HeadConnection connection)
    {
        lock (_lock)
        {
            // Another one may have taken its place.
            if (_connections.TryGetValue(connection.Address, out var held) && held.Connection == connection)
                _connections.Remove(connection.Address);
        }
    }

    private HeadConnection[] Connected()
    {
        lock (_lock)
            return [.. _connections.Values.Where(held => held.Opening.IsCompletedSuccessfully).Select(held => held.Connection)];
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The head of {Pipeline}, epoch {Epoch}, at {Endpoint} cannot be used: {Reason}")]
    private partial void OnUnavailable(string pipeline, long epoch, string endpoint, string reason);
}
