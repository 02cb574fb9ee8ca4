using System.IO.MemoryMappedFiles;

namespace OrleansInference.Bench.Serving;

/// <summary>
/// Lets another process see how many bytes this one has allocated for managed objects: in a mapped file, so that looking costs nothing.
/// </summary>
internal sealed class AllocationMeter : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly Timer _timer;

    private AllocationMeter(string path)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, mapName: null, sizeof(long));
        _view = _file.CreateViewAccessor();
        _timer = new Timer(_ => _view.Write(0, GC.GetTotalAllocatedBytes()), null, TimeSpan.Zero, Period);
    }

    public static AllocationMeter Start(string path) => new(path);

    /// <summary>What the process that has this file allocated; waits until it has looked again.</summary>
    public static async Task<long> ReadAsync(string path, CancellationToken cancellation)
    {
        await Task.Delay(3 * Period, cancellation);
        using var file = MemoryMappedFile.CreateFromFile(path, FileMode.Open);
        using var view = file.CreateViewAccessor();
        return view.ReadInt64(0);
    }

    public void Dispose()
    {
        using (var done = new ManualResetEvent(false))
        {
            if (_timer.Dispose(done))
                done.WaitOne();
        }

        _view.Dispose();
        _file.Dispose();
    }
}
