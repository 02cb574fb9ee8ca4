using System.Buffers.Binary;
using System.Text;
using OrleansInference.DataPlane.Codec;

namespace OrleansInference.DataPlane.Frames;

/// <summary>
/// A Delta frame on the sender's side, put together piece by piece as it goes over the wire, and used again for the next. Who receives it
/// receives a <see cref="DeltaFrame"/>. Not thread-safe.
/// </summary>
public sealed record DeltaBuffer(long RequestId) : Frame
{
    private const int SmallestBytes = 256;

    private byte[] _text = new byte[SmallestBytes];
    private byte[] _tokens = new byte[SmallestBytes];
    private int _textBytes;
    private int _tokenBytes;

    public override FrameType Type => FrameType.Delta;

    public int TokenCount { get; private set; }

    public bool IsEmpty => _textBytes == 0 && TokenCount == 0;

    internal int LongestPieceBytes { get; private set; }

    internal int MostAlternatives { get; private set; }

    public void Clear() => (_textBytes, _tokenBytes, TokenCount, LongestPieceBytes, MostAlternatives) = (0, 0, 0, 0, 0);

    public void AddText(ReadOnlySpan<char> text)
    {
        Ensure(ref _text, _textBytes + Encoding.UTF8.GetMaxByteCount(text.Length));
        _textBytes += Encoding.UTF8.GetBytes(text, _text.AsSpan(_textBytes));
    }

    /// <summary>Adds a token, which as many alternatives follow.</summary>
    /// <param name="piece">The token's own bytes.</param>
    public void AddToken(int token, ReadOnlySpan<byte> piece, float logProbability, int alternativeCount)
    {
        AddAlternative(token, piece, logProbability);
        var count = Take(sizeof(int));
        BinaryPrimitives.WriteInt32LittleEndian(count, alternativeCount);
        MostAlternatives = Math.Max(MostAlternatives, alternativeCount);
        TokenCount++;
    }

    /// <summary>Adds an alternative of the token that was added last.</summary>
    public void AddAlternative(int token, ReadOnlySpan<byte> piece, float logProbability)
    {
        var room = Take(sizeof(int) + sizeof(int) + piece.Length + sizeof(float));
        BinaryPrimitives.WriteInt32LittleEndian(room, token);
        BinaryPrimitives.WriteInt32LittleEndian(room[sizeof(int)..], piece.Length);
        piece.CopyTo(room[(2 * sizeof(int))..]);
        BinaryPrimitives.WriteSingleLittleEndian(room[(2 * sizeof(int) + piece.Length)..], logProbability);
        LongestPieceBytes = Math.Max(LongestPieceBytes, piece.Length);
    }

    internal void Write(ref FrameWriter writer)
    {
        writer.Int64(RequestId);
        writer.Bytes(_text.AsSpan(0, _textBytes));
        writer.Int32(TokenCount);
        writer.Raw(_tokens.AsSpan(0, _tokenBytes));
    }

    private Span<byte> Take(int bytes)
    {
        Ensure(ref _tokens, _tokenBytes + bytes);
        var room = _tokens.AsSpan(_tokenBytes, bytes);
        _tokenBytes += bytes;
        return room;
    }

    private static void Ensure(ref byte[] array, int bytes)
    {
        if (array.Length < bytes)
            Array.Resize(ref array, Math.Max(bytes, 2 * array.Length));
    }
}
