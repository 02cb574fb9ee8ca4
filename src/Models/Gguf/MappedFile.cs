using System.IO.MemoryMappedFiles;

namespace OrleansInference.Models.Gguf;

/// <summary>A file mapped for reading; spans reach any offset, also past 2 GB.</summary>
public sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private byte* _start;

    private MappedFile(string path, MemoryMappedFile file, MemoryMappedViewAccessor view, long byteLength)
    {
        Path = path;
        ByteLength = byteLength;
        _file = file;
        _view = view;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
    }

    public string Path { get; }

    public long ByteLength { get; }

    /// <exception cref="ModelFormatException">The file is empty.</exception>
    public static MappedFile Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        try
        {
            var length = stream.Length;
            if (length == 0)
                throw new ModelFormatException("the file is empty", path);

            var file = MemoryMappedFile.CreateFromFile(
                stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            try
            {
                return new MappedFile(path, file, file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read), length);
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the file.</exception>
    public ReadOnlySpan<byte> Span(long offset, int count)
    {
        ObjectDisposedException.ThrowIf(_start is null, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, ByteLength - count);
        return new ReadOnlySpan<byte>(_start + offset, count);
    }

    public void Dispose()
    {
        if (_start is null)
            return;

        _start = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
