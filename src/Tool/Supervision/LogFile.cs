using System.Text;

namespace OrleansInference.Tool.Supervision;

/// <summary>What a child process writes, in a file that never grows past a bound: full, it becomes NAME.1.log, and a new one starts.</summary>
internal sealed class LogFile : IDisposable
{
    public const long DefaultMaximumBytes = 4 << 20;
    private const int TailBytes = 8 << 10;
    private readonly Lock _lock = new();
    private readonly long _maximumBytes;
    private FileStream _stream;

    public LogFile(string path, long maximumBytes = DefaultMaximumBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumBytes, 1);
        FilePath = path;
        _maximumBytes = maximumBytes;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _stream = Open(FileMode.Append);
    }

    public string FilePath { get; }

    public void Append(ReadOnlySpan<byte> text)
    {
        lock (_lock)
        {
            if (_stream.Length > 0 && _stream.Length + text.Length > _maximumBytes)
                Rotate();
            _stream.Write(text[..(int)Math.Min(text.Length, _maximumBytes)]);
            _stream.Flush();
        }
    }

    /// <summary>The last lines written since <paramref name="from"/>, a <see cref="Position"/> read earlier.</summary>
    public IReadOnlyList<string> Tail(long from, int lineCount)
    {
        lock (_lock)
        {
            using var reader = new FileStream(FilePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            // A position past the end belongs to the file before a rotation.
            var start = Math.Max(from > reader.Length ? 0 : from, reader.Length - TailBytes);
            reader.Position = start;
            var bytes = new byte[reader.Length - start];
            reader.ReadExactly(bytes);
            return [.. Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(lineCount)];
        }
    }

    public long Position
    {
        get
        {
            lock (_lock)
                return _stream.Length;
        }
    }

    public void Dispose() => _stream.Dispose();

    private void Rotate()
    {
        _stream.Dispose();
        File.Move(FilePath, Path.ChangeExtension(FilePath, ".1.log"), overwrite: true);
        _stream = Open(FileMode.Create);
    }

    private FileStream Open(FileMode mode) => new(FilePath, mode, FileAccess.Write, FileShare.ReadWrite);
}
