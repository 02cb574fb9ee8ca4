using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Connections;

/// <summary>
/// Makes a link as slow as one over a distance: what is written goes out a fixed time later, in order, and writes do not wait for one
/// another's delay. Reads are not touched; the other side delays what it sends.
/// </summary>
internal sealed class DelayedStream : Stream
{
    /// <summary>Writes on their way; a sender far ahead of them waits.</summary>
    private const int MaximumWrites = 1_024;

    private readonly Stream _inner;
    private readonly TimeSpan _delay;
    private readonly TimeSpan _closeTimeout;
    private readonly TimeProvider _time;
    private readonly Channel<(byte[] Array, int Length, long Written)> _writes =
        Channel.CreateBounded<(byte[], int, long)>(new BoundedChannelOptions(MaximumWrites) { SingleReader = true });
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _pump;

    /// <param name="closeTimeout">Time that disposing leaves to what is on its way.</param>
    public DelayedStream(Stream inner, TimeSpan delay, TimeSpan closeTimeout, TimeProvider time)
    {
        (_inner, _delay, _closeTimeout, _time) = (inner, delay, closeTimeout, time);
        _pump = PumpAsync();
    }

    public static Stream WrapIfAsked(Stream stream, DataPlaneOptions options, TimeProvider time) =>
        options.LinkDelayMilliseconds == 0 ? stream : new DelayedStream(stream, options.LinkDelay, options.CloseTimeout, time);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _inner.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var array = ArrayPool<byte>.Shared.Rent(buffer.Length);
        buffer.CopyTo(array);
        try
        {
            await _writes.Writer.WriteAsync((array, buffer.Length, _time.GetTimestamp()), cancellationToken);
        }
        catch (ChannelClosedException closed)
        {
            throw new IOException("The delayed link is closed.", closed.InnerException);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override async ValueTask DisposeAsync()
    {
        _writes.Writer.TryComplete();
        await Task.WhenAny(_pump, Task.Delay(_closeTimeout + _delay, _time));
        // The other side may have stopped reading.
        await _closing.CancelAsync();
        await _inner.DisposeAsync();
        await _pump;
        _closing.Dispose();
        await base.DisposeAsync();
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [SuppressMessage("Design", "CA1031", Justification = "Whatever ends the pump is what the next write is to fail with.")]
    private async Task PumpAsync()
    {
        try
        {
            await foreach (var (array, length, written) in _writes.Reader.ReadAllAsync())
            {
                if (_delay - _time.GetElapsedTime(written) is var rest && rest > TimeSpan.Zero)
                    await Task.Delay(rest, _time, _closing.Token);
                await _inner.WriteAsync(array.AsMemory(0, length), _closing.Token);
                ArrayPool<byte>.Shared.Return(array);
            }
        }
        catch (Exception exception)
        {
            _writes.Writer.TryComplete(exception);
        }
    }
}
