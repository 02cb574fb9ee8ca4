using Orleans;
using Orleans.Runtime;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Membership;

namespace OrleansInference.Embedded.Transport;

/// <summary>Carries frames between silos, in order from one silo to another.</summary>
internal interface ITransport : IAsyncDisposable
{
    /// <summary>Opens this silo to others; <paramref name="peers"/> are told of what arrives.</summary>
    Task ListenAsync(Member self, SiloPeers peers);

    /// <summary>Opens the connection to a silo, so that the end of either side is noticed at once.</summary>
    /// <exception cref="ConnectFailedException">There is no connection, and nothing was sent.</exception>
    Task ConnectAsync(SiloAddress to);

    /// <summary>Sends one frame; waits while too much is on its way to that silo already.</summary>
    /// <exception cref="ConnectFailedException">There is no connection, and nothing was sent.</exception>
    /// <exception cref="IOException">The connection broke; whether the frame arrived is not known.</exception>
    Task SendAsync(SiloAddress to, FrameKind kind, ReadOnlyMemory<byte> body);

    /// <summary>
    /// Of a silo whose end was noticed: waits, for a bounded time, until all that it had sent has been taken. What was sent in one direction
    /// may be unread when the other direction ends.
    /// </summary>
    Task TakeRestAsync(SiloAddress from);

    /// <summary>Sends what a silo that is gone need not be told.</summary>
    async Task TellAsync(SiloAddress to, FrameKind kind, ReadOnlyMemory<byte> body = default)
    {
        try
        {
            await SendAsync(to, kind, body).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The end of a connection is noticed where it ends.
        }
    }
}

internal enum FrameKind : byte
{
    /// <summary>First frame of a connection: who speaks. Later: the sender's membership record has changed.</summary>
    Hello = 1,
    Request = 2,
    Response = 3,
    Cancel = 4,
    Ping = 5,
    Pong = 6,

    /// <summary>The sender stops: it asks to be sent no more requests.</summary>
    Leaving = 7,

    /// <summary>Answers <see cref="Leaving"/>: no request follows on this connection.</summary>
    LeavingSeen = 8,
}

[GenerateSerializer]
internal sealed class ConnectFailedException(string message, Exception? inner = null) : IOException(message, inner);
