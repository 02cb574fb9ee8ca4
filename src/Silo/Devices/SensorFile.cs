using System.Buffers.Text;

namespace OrleansInference.Silo.Devices;

/// <summary>One of the kernel's small text files, read again and again without garbage. Not for several threads at once.</summary>
internal sealed class SensorFile(string path)
{
    private const int MaximumBytes = 16 << 10;

    private byte[] _buffer = new byte[1 << 10];

    /// <summary>What the file holds now, up to 16 KiB; empty where there is no such file, as on other operating systems.</summary>
    public ReadOnlySpan<byte> Read()
    {
        // Asked first, because what is missing would otherwise cost an exception each time.
        if (!File.Exists(path))
            return [];
        try
        {
            using var file = File.OpenHandle(path);
            var length = 0;
            while (RandomAccess.Read(file, _buffer.AsSpan(length), length) is > 0 and var count)
            {
                length += count;
                if (length < _buffer.Length)
                    continue;
                if (length == MaximumBytes)
                    break;
                Array.Resize(ref _buffer, 2 * length);
            }
            return _buffer.AsSpan(0, length);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The number that the file begins with.</summary>
    public long? ReadNumber() => Number(Read());

    /// <summary>The number behind a key, on the line that begins with it.</summary>
    public long? ReadNumber(ReadOnlySpan<byte> key)
    {
        foreach (var range in Read().Split((byte)'\n'))
        {
            var line = _buffer.AsSpan()[range];
            if (line.StartsWith(key))
                return Number(line[key.Length..]);
        }
        return null;
    }

    /// <summary>The number that is a text's field of this index; spaces, any number of them, divide the fields.</summary>
    public static long? Field(ReadOnlySpan<byte> text, int index)
    {
        for (text = text.TrimStart((byte)' '); index > 0; index--)
        {
            var end = text.IndexOf((byte)' ');
            text = end < 0 ? [] : text[end..].TrimStart((byte)' ');
        }
        return Number(text);
    }

    private static long? Number(ReadOnlySpan<byte> text)
    {
        text = text.TrimStart((byte)' ');
        return !text.IsEmpty && text[0] != '-' && Utf8Parser.TryParse(text, out long value, out _) ? value : null;
    }
}
