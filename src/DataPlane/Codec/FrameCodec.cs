using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.DataPlane.Codec;

/// <summary>
/// Turns frames into bytes and back: a length (u32, little-endian, of what follows), a <see cref="FrameType"/>, the fields. Bound to a
/// Hello, it takes the frames of that connection; unbound, only those that open one. Not bound to a thread: its only state is a pool.
/// </summary>
internal sealed class FrameCodec(DataPlaneOptions options, AlignedBufferPool pool, HelloFrame? hello = null)
{
    public const int LengthBytes = sizeof(int);

    private const int MaximumHandshakeBytes = 32 << 10;

    private readonly FramePool _frames = new(pool);

    static FrameCodec()
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("The data plane copies numbers as they lie in memory, which must be little-endian.");
    }

    private int MaximumFrameBytes => hello?.Role switch
    {
        null => MaximumHandshakeBytes,
        ConnectionRole.Ring => options.MaximumRingFrameBytes,
        ConnectionRole.Tokens => options.MaximumTokensFrameBytes,
        _ => options.MaximumGenerationFrameBytes,
    };

    public FrameCodec Bind(HelloFrame to) => new(options, pool, to);

    /// <returns>The bytes written.</returns>
    /// <exception cref="ArgumentException">The frame breaks a bound or does not belong on this connection; nothing was written.</exception>
    public int Encode(Frame frame, IBufferWriter<byte> output)
    {
        var length = Measure(frame);
        Write(frame, length, output);
        return length;
    }

    /// <returns>The bytes that <see cref="Write"/> takes for it.</returns>
    /// <exception cref="ArgumentException">The frame breaks a bound or does not belong on this connection.</exception>
    public int Measure(Frame frame)
    {
        if (!FrameRules.MayTravel(frame.Type, hello?.Role))
            throw new ArgumentException($"A {frame.Type} frame does not belong {Place}.");
        if (FrameRules.ProblemOf(frame, hello, options) is { } problem)
            throw new ArgumentException($"{frame.Type} frame: {problem}.");
        var counter = FrameWriter.Counting();
        WriteFields(ref counter, frame);
        var length = sizeof(FrameType) + counter.Written;
        if (length > MaximumFrameBytes)
        {
            throw new ArgumentException(
                $"{frame.Type} frame: it takes {length} bytes, but {MaximumFrameBytes} is the most {Place}.");
        }

        return LengthBytes + (int)length;
    }

    /// <returns>The bytes of a Batch frame with so many rows, as they are compared with the bound.</returns>
    public long MeasureBatch(int rowCount)
    {
        var counter = FrameWriter.Counting();
        RingFormat.Write(ref counter, new BatchFrame(0, new BatchRow[rowCount], default), hello!);
        return sizeof(FrameType) + counter.Written;
    }

    /// <param name="total">What <see cref="Measure"/> said of it.</param>
    public void Write(Frame frame, int total, IBufferWriter<byte> output)
    {
        var writer = FrameWriter.Over(output.GetSpan(total));
        writer.Int32(total - LengthBytes);
        writer.Byte((byte)frame.Type);
        WriteFields(ref writer, frame);
        output.Advance(total);
    }

    /// <summary>Takes the first frame off the front of what was received.</summary>
    /// <param name="frameBytes">What the frame took, its length included.</param>
    /// <returns>False when more bytes are needed.</returns>
    /// <exception cref="DataPlaneProtocolException">These bytes are no frame that may travel on this connection.</exception>
    public bool TryDecode(ref ReadOnlySequence<byte> received, [NotNullWhen(true)] out Frame? frame, out int frameBytes)
    {
        frame = null;
        frameBytes = 0;
        var reader = new SequenceReader<byte>(received);
        if (!reader.TryReadLittleEndian(out int length))
            return false;
        // An impossible length is refused at once, not after waiting for bytes that may never come.
        if ((uint)length > MaximumFrameBytes)
            throw new DataPlaneProtocolException($"A frame announces {(uint)length} bytes, but {MaximumFrameBytes} is the most {Place}.");
        if (length == 0)
            throw new DataPlaneProtocolException("A frame announces 0 bytes, which leaves no room for its type.");
        if (!reader.TryRead(out var number))
            return false;
        var type = TypeOf(number);
        if (reader.Remaining < length - sizeof(FrameType))
            return false;

        frame = Decode(type, received.Slice(LengthBytes + sizeof(FrameType), length - sizeof(FrameType)));
        frameBytes = LengthBytes + length;
        received = received.Slice(frameBytes);
        return true;
    }

    private string Place => hello is null ? "before a connection is open" : $"on a {hello.Role} connection";

    private FrameType TypeOf(byte number)
    {
        var type = (FrameType)number;
        if (!Enum.IsDefined(type))
            throw new DataPlaneProtocolException($"A frame is of type {number}, which is none.");
        return FrameRules.MayTravel(type, hello?.Role) ? type : throw new DataPlaneProtocolException(type, $"it does not belong {Place}");
    }

    private Frame Decode(FrameType type, ReadOnlySequence<byte> body)
    {
        var reader = new FrameReader(type, body);
        var frame = ReadFields(ref reader, type);
        reader.End();
        if (FrameRules.ProblemOf(frame, hello, options) is not { } problem)
            return frame;
        (frame as IDisposable)?.Dispose();
        throw new DataPlaneProtocolException(type, problem);
    }

    private Frame ReadFields(ref FrameReader reader, FrameType type) => type switch
    {
        FrameType.Hello => HandshakeFormat.ReadHello(ref reader),
        FrameType.Welcome => new WelcomeFrame(),
        FrameType.Refuse => HandshakeFormat.ReadRefuse(ref reader),
        FrameType.Ping => HandshakeFormat.ReadPing(ref reader),
        FrameType.Open => RingFormat.ReadOpen(ref reader, hello!, options),
        FrameType.Batch => RingFormat.ReadBatch(ref reader, hello!, options, _frames),
        FrameType.Tokens => RingFormat.ReadTokens(ref reader, options, _frames),
        FrameType.Clear => RingFormat.ReadClear(ref reader),
        FrameType.Copy => RingFormat.ReadCopy(ref reader),
        FrameType.State => RingFormat.ReadState(ref reader, options),
        FrameType.Fault => RingFormat.ReadFault(ref reader),
        FrameType.Generate => GenerationRequestFormat.Read(ref reader, options),
        FrameType.Delta => GenerationOutcomeFormat.ReadDelta(ref reader, options),
        FrameType.Finish => GenerationOutcomeFormat.ReadFinish(ref reader),
        _ => new CancelFrame(reader.Int64("request id")),
    };

    private void WriteFields(ref FrameWriter writer, Frame frame)
    {
        switch (frame)
        {
            case HelloFrame opening: HandshakeFormat.Write(ref writer, opening); break;
            case RefuseFrame refuse: writer.String(refuse.Reason); break;
            case PingFrame ping: HandshakeFormat.Write(ref writer, ping); break;
            case OpenFrame open: RingFormat.Write(ref writer, open); break;
            case BatchFrame batch: RingFormat.Write(ref writer, batch, hello!); break;
            case TokensFrame tokens: RingFormat.Write(ref writer, tokens); break;
            case ClearFrame clear: RingFormat.Write(ref writer, clear); break;
            case CopyFrame copy: RingFormat.Write(ref writer, copy); break;
            case StateFrame state: RingFormat.Write(ref writer, state); break;
            case FaultFrame fault: RingFormat.Write(ref writer, fault); break;
            case GenerateFrame generate: GenerationRequestFormat.Write(ref writer, generate); break;
            case DeltaFrame delta: GenerationOutcomeFormat.Write(ref writer, delta); break;
            case DeltaBuffer delta: delta.Write(ref writer); break;
            case FinishFrame finish: GenerationOutcomeFormat.Write(ref writer, finish); break;
            case CancelFrame cancel: writer.Int64(cancel.RequestId); break;
        }
    }
}
