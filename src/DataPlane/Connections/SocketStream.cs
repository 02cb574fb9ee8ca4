using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;

namespace OrleansInference.DataPlane.Connections;

/// <summary>
/// A socket's bytes. Its reads can be made to wait in the kernel, on the thread that asks: .NET itself wakes a thread of its own for what
/// comes in, and that one another.
/// </summary>
/// <param name="closeTimeout">Time in which the other side, when this one is disposed, is to have read what it was sent.</param>
internal sealed class SocketStream(Socket socket, TimeSpan closeTimeout, TimeProvider time) : NetworkStream(socket, ownsSocket: true)
{
    private const int Forever = -1;

    private bool _isAborted;

    /// <summary>Whether reads may block. Elsewhere a thread that waits for a socket cannot be told to stop.</summary>
    public static bool CanBlock => OperatingSystem.IsLinux() || OperatingSystem.IsMacOS();

    /// <summary>Whether <see cref="ReadAsync(Memory{byte}, CancellationToken)"/> blocks its caller until there is something to read.</summary>
    public bool Blocks { get; set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Blocks ? new(ReadBlocking(buffer.Span, cancellationToken)) : base.ReadAsync(buffer, cancellationToken);

    /// <summary>Lets go of the connection without regard for what the other side has not read yet.</summary>
    public void Abort()
    {
        _isAborted = true;
        Socket.Close(timeout: 0);
    }

    /// <summary>
    /// Ends what is sent and waits for the other side to do the same, for a bounded time: a socket that is closed with bytes to read
    /// takes back what it has sent.
    /// </summary>
    public override async ValueTask DisposeAsync()
    {
        if (!_isAborted)
            await EndAsync();
        await base.DisposeAsync();
    }

    private int ReadBlocking(Span<byte> buffer, CancellationToken cancellation)
    {
        using var registration = cancellation.UnsafeRegister(static socket => EndReads((Socket)socket!), Socket);
        Socket.Poll(Forever, SelectMode.SelectRead);
        cancellation.ThrowIfCancellationRequested();
        return Read(buffer);
    }

    /// <summary>Wakes the thread that waits for something to read.</summary>
    private static void EndReads(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Receive);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Its end wakes the thread, too.
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "It is being closed; how it broke is no news.")]
    private async ValueTask EndAsync()
    {
        using var timeout = new CancellationTokenSource(closeTimeout, time);
        var rest = new byte[1 << 10];
        try
        {
            Socket.Shutdown(SocketShutdown.Send);
            while (await base.ReadAsync(rest, timeout.Token) > 0)
            {
            }
        }
        catch (Exception)
        {
        }
    }
}
