using System.Text;

namespace OrleansInference.Models.Tests.Fixtures;

/// <summary>Builds GGUF files byte by byte, also wrong ones that no writer would make.</summary>
public sealed class GgufBytes
{
    private readonly MemoryStream _bytes = new();
    private readonly BinaryWriter _writer;

    public GgufBytes(ulong tensors, ulong keys, uint version = 3, uint magic = 0x46554747)
    {
        _writer = new BinaryWriter(_bytes);
        U32(magic).U32(version).U64(tensors).U64(keys);
    }

    public GgufBytes U8(byte value) => Do(() => _writer.Write(value));

    public GgufBytes U32(uint value) => Do(() => _writer.Write(value));

    public GgufBytes U64(ulong value) => Do(() => _writer.Write(value));

    public GgufBytes Raw(ReadOnlySpan<byte> bytes)
    {
        _writer.Write(bytes);
        return this;
    }

    public GgufBytes Text(string text) => U64((ulong)Encoding.UTF8.GetByteCount(text)).Raw(Encoding.UTF8.GetBytes(text));

    /// <summary>A key with a 32-bit value (type 4).</summary>
    public GgufBytes Key(string name, uint value) => Text(name).U32(4).U32(value);

    public GgufBytes Tensor(string name, ulong[] dimensions, uint type, ulong offset)
    {
        Text(name).U32((uint)dimensions.Length);
        foreach (var dimension in dimensions)
            U64(dimension);
        return U32(type).U64(offset);
    }

    /// <summary>Pads the header and adds data.</summary>
    public GgufBytes Data(int count) => Do(() =>
    {
        while (_bytes.Length % 32 != 0)
            _writer.Write((byte)0);
        _writer.Write(new byte[count]);
    });

    public string Save(TestFolder folder, string name = "bytes.gguf")
    {
        var path = folder.At(name);
        File.WriteAllBytes(path, _bytes.ToArray());
        return path;
    }

    private GgufBytes Do(Action write)
    {
        write();
        return this;
    }
}
