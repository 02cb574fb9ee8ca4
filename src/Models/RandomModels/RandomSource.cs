using System.Runtime.InteropServices;

namespace OrleansInference.Models.RandomModels;

/// <summary>A fast generator (xorshift128+) whose numbers are the same on every machine for a seed.</summary>
internal sealed class RandomSource
{
    private ulong _first;
    private ulong _second;

    public RandomSource(ulong seed)
    {
        _first = Mix(seed + 0x9E37_79B9_7F4A_7C15);
        _second = Mix(_first + 0x9E37_79B9_7F4A_7C15) | 1;
    }

    public ulong Next()
    {
        var x = _first;
        var y = _second;
        _first = y;
        x ^= x << 23;
        _second = x ^ y ^ (x >> 17) ^ (y >> 26);
        return _second + y;
    }

    /// <summary>Evenly spread over [-1, 1).</summary>
    public float NextSigned() => (Next() >> 40) * (2f / (1 << 24)) - 1;

    public void Fill(Span<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (var index = 0; index < words.Length; index++)
            words[index] = Next();

        var rest = Next();
        for (var index = words.Length * 8; index < bytes.Length; index++, rest >>= 8)
            bytes[index] = (byte)rest;
    }

    /// <summary>Splitmix64's finisher: neighbouring seeds give unlike streams.</summary>
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}
