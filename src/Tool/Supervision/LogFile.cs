using System.Text;

namespace OrleansInference.Tool.Supervision;

/// <summary>
/// What a child process writes, in a file that never grows past a bound: full, it becomes NAME.1.log, and a new one starts. So it does when
/// somebody removed it. What the disk does not take is passed over, and said once: whoever stopped reading what a child writes would stop it.
/// </summary>
internal sealed class LogFile : IDisposable
{
    public const long DefaultMaximumBytes = 4 << 20;
    private const int TailBytes = 8 << 10;
    private readonly Lock _lock = new();
    private readonly long _maximumBytes;
    private readonly Action<string>? _report;
    private FileStream? _stream;
    /// <summary>The end of all that was written, on the disk or not.</summary>
    private byte[] _recent;
    private long _position;
    private bool _isReported;

    /// <param name="report">Takes a line for people when the file cannot be written.</param>
    /// <exception cref="IOException">It cannot be written from the start.</exception>
    public LogFile(string path, long maximumBytes = DefaultMaximumBytes, Action<string>? report = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumBytes, 1);
        FilePath = path;
        _maximumBytes = maximumBytes;
        _report = report;
        _stream = Open();
        _recent = ReadEnd();
        _position = _recent.Length;
    }

    public string FilePath { get; }

    public void Append(ReadOnlySpan<byte> text)
    {
        lock (_lock)
        {
            _position += text.Length;
            _recent = [.. _recent, .. text];
            _recent = _recent[Math.Max(0, _recent.Length - TailBytes)..];
            try
            {
                StreamFor(text.Length).Write(text[..(int)Math.Min(text.Length, _maximumBytes)]);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (!_isReported)
                    _report?.Invoke($"{FilePath} cannot be written and lacks lines from now on: {e.Message}");
                _isReported = true;
            }
        }
    }

    /// <summary>The last lines written since <paramref name="from"/>, a <see cref="Position"/> read earlier.</summary>
    public IReadOnlyList<string> Tail(long from, int lineCount)
    {
        lock (_lock)
        {
            var bytes = _recent.AsSpan(_recent.Length - (int)Math.Min(_recent.Length, _position - from));
            return [.. Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(lineCount)];
        }
    }

    /// <summary>Where the next text will be, counted in bytes.</summary>
    public long Position
    {
        get
        {
            lock (_lock)
                return _position;
        }
    }

    public void Dispose() => _stream?.Dispose();

    private FileStream StreamFor(int length)
    {
        if (_stream is not null && File.Exists(FilePath))
        {
            if (_stream.Length == 0 || _stream.Length + length <= _maximumBytes)
                return _stream;
            File.Move(FilePath, Path.ChangeExtension(FilePath, ".1.log"), overwrite: true);
        }

        _stream?.Dispose();
        _stream = null;
        return _stream = Open();
    }

    // Without a buffer, which would keep what the disk did not take and fail again when it is disposed.
    private FileStream Open()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        return new(FilePath, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
    }

    private byte[] ReadEnd()
    {
        using var reader = new FileStream(FilePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        reader.Position = Math.Max(0, reader.Length - TailBytes);
        var bytes = new byte[reader.Length - reader.Position];
        reader.ReadExactly(bytes);
        return bytes;
    }
}
