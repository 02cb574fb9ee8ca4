namespace OrleansInference.Models.Files;

/// <summary>
/// Turns bytes into a share of the whole, reporting at once and on the thread that works, unlike <see cref="Progress{T}"/>.
/// </summary>
internal sealed class ByteProgress(IProgress<double> progress, long totalBytes) : IProgress<long>
{
    public void Report(long value) => progress.Report((double)value / totalBytes);
}
