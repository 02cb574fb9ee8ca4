using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using OrleansInference.DataPlane.Codec;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>A gateway of one socket and one buffer, which counts tokens and allocates nothing for them.</summary>
internal sealed class RawGateway : IDisposable
{
    private const int HeaderBytes = 5;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly FrameCodec _codec;
    private readonly byte[] _buffer = new byte[1 << 20];
    private int _begin;
    private int _end;

    public RawGateway(string endpoint, string pipeline)
    {
        var options = new DataPlaneOptions();
        var hello = new HelloFrame { Role = ConnectionRole.Generation, Pipeline = pipeline, Epoch = 1 };
        var unbound = new FrameCodec(options, new AlignedBufferPool(0));
        _codec = unbound.Bind(hello);
        _socket.ReceiveTimeout = 20_000;
        _socket.Connect(IPEndPoint.Parse(endpoint));
        Send(unbound, hello);
        Next().ShouldBe(FrameType.Welcome);
    }

    public void Send(long id, GenerationRequest request) => Send(_codec, new GenerateFrame(id, request));

    /// <summary>Reads until so many tokens have come.</summary>
    public int ReadTokens(int count)
    {
        var read = 0;
        while (read < count)
        {
            var type = Next();
            if (type == FrameType.Finish)
                throw new InvalidOperationException("A stream ended; it was to go on.");
            if (type == FrameType.Delta)
                read += TokensOfDelta();
        }
        return read;
    }

    /// <summary>Reads until so many streams have ended.</summary>
    public void ReadFinishes(int count)
    {
        while (count > 0)
            count -= Next() == FrameType.Finish ? 1 : 0;
    }

    public void Dispose() => _socket.Dispose();

    private ReadOnlySpan<byte> Frame => _buffer.AsSpan(_begin, _end - _begin);

    private int FrameLength => BinaryPrimitives.ReadInt32LittleEndian(Frame) + sizeof(int);

    private int TokensOfDelta()
    {
        var text = Frame[(HeaderBytes + sizeof(long))..];
        var textBytes = BinaryPrimitives.ReadInt32LittleEndian(text);
        return BinaryPrimitives.ReadInt32LittleEndian(text[(sizeof(int) + textBytes)..]);
    }

    /// <summary>Goes on to the next frame.</summary>
    private FrameType Next()
    {
        if (_end - _begin >= HeaderBytes)
            _begin += FrameLength;
        while (_end - _begin < HeaderBytes || _end - _begin < FrameLength)
        {
            Frame.CopyTo(_buffer);
            (_begin, _end) = (0, _end - _begin);
            var received = _socket.Receive(_buffer.AsSpan(_end));
            // Not by an assertion, which allocates.
            if (received == 0)
                throw new IOException("The head closed the connection.");
            _end += received;
        }
        return (FrameType)_buffer[_begin + sizeof(int)];
    }

    private void Send(FrameCodec codec, Frame frame)
    {
        var writer = new ArrayBufferWriter<byte>();
        codec.Encode(frame, writer);
        _socket.Send(writer.WrittenSpan);
    }
}
