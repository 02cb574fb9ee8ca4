using System.Buffers.Binary;
using System.Security.Cryptography;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>
/// The envelope of exported KV cells: what it is of and a hash, because llama.cpp trusts what it reads. Magic "OKV1", layers, hidden size,
/// positions (each 4 bytes, little endian), SHA-256 of the rest, then llama.cpp's own state of the sequence.
/// </summary>
internal static class SlotState
{
    public const int HeaderBytes = 16 + SHA256.HashSizeInBytes;

    private const uint Magic = 0x31564B4F;

    /// <summary>Fills in the header of a buffer whose payload is written.</summary>
    public static void Seal(Span<byte> state, int layerCount, int hiddenSize, int positionCount)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(state, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(state[4..], layerCount);
        BinaryPrimitives.WriteInt32LittleEndian(state[8..], hiddenSize);
        BinaryPrimitives.WriteInt32LittleEndian(state[12..], positionCount);
        SHA256.HashData(state[HeaderBytes..], state[16..HeaderBytes]);
    }

    /// <returns>How many positions the state holds, and its payload.</returns>
    /// <exception cref="ArgumentException">It is no state, or of another slice, or damaged.</exception>
    public static int Open(ReadOnlySpan<byte> state, int layerCount, int hiddenSize, out ReadOnlySpan<byte> payload)
    {
        if (state.Length <= HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(state) != Magic)
            throw new ArgumentException($"These {state.Length} bytes are not the exported state of a slot.");
        var layers = BinaryPrimitives.ReadInt32LittleEndian(state[4..]);
        var hidden = BinaryPrimitives.ReadInt32LittleEndian(state[8..]);
        if (layers != layerCount || hidden != hiddenSize)
            throw new ArgumentException(
                $"The state is of a slice of {layers} layers of {hidden}; this one has {layerCount} layers of {hiddenSize}.");
        payload = state[HeaderBytes..];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(payload, hash);
        if (!hash.SequenceEqual(state[16..HeaderBytes]))
            throw new ArgumentException("The state is damaged: its hash does not match.");
        return BinaryPrimitives.ReadInt32LittleEndian(state[12..]);
    }
}
