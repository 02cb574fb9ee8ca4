namespace OrleansInference.Models.Gguf;

/// <summary>
/// Where a tensor's bytes come from when a <see cref="GgufWriter"/> writes it: a range of a file, or code that makes them.
/// </summary>
public abstract class GgufTensorContent
{
    private protected GgufTensorContent()
    {
    }

    /// <summary>The bytes at <paramref name="offset"/> of a file, as many as the tensor has.</summary>
    public static GgufTensorContent Copy(string path, long offset) => new FileRange(path, offset);

    /// <summary>Whatever <paramref name="write"/> writes, which must be just the tensor's bytes.</summary>
    public static GgufTensorContent Generate(Action<Stream, CancellationToken> write) => new Generated(write);

    internal sealed class FileRange(string path, long offset) : GgufTensorContent
    {
        public string Path => path;

        public long Offset => offset;
    }

    internal sealed class Generated(Action<Stream, CancellationToken> write) : GgufTensorContent
    {
        public void Write(Stream destination, CancellationToken cancellation) => write(destination, cancellation);
    }
}
