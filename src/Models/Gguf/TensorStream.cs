namespace OrleansInference.Models.Gguf;

/// <summary>Takes the bytes of one tensor on their way to the file, and holds them to the number that the header promises.</summary>
internal sealed class TensorStream(
    Stream destination, string tensor, long byteLength, Action<long> written, CancellationToken cancellation) : Stream
{
    private long _position;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => byteLength;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public void CheckComplete()
    {
        if (_position != byteLength)
            throw new InvalidOperationException($"'{tensor}' got {_position} of its {byteLength} bytes.");
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        cancellation.ThrowIfCancellationRequested();
        if (buffer.Length > byteLength - _position)
            throw new InvalidOperationException($"'{tensor}' gets more than its {byteLength} bytes.");
        destination.Write(buffer);
        _position += buffer.Length;
        written(_position);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => destination.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
