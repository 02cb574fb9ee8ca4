using System.Diagnostics;
using Orleans.Runtime;
using OrleansInference.ActorEngine.TestSilo;

namespace OrleansInference.Bench.Calls;

/// <summary>A silo in a process of its own. It ends with its standard input, and so with the bench at the latest.</summary>
internal sealed class BenchSilo : IDisposable
{
    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(30);

    private readonly Process _process;

    private BenchSilo(Process process, SiloAddress address)
    {
        _process = process;
        Address = address;
    }

    public SiloAddress Address { get; }

    public int ProcessId => _process.Id;

    public static async Task<BenchSilo> StartAsync(string folder, string name, CancellationToken cancellation)
    {
        var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(IProcessGrain).Assembly.Location, folder, name, "1000"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;
        var line = await process.StandardOutput.ReadLineAsync(cancellation).AsTask().WaitAsync(StartBound, cancellation);
        return line?.Split(' ') is ["ready", var address]
            ? new BenchSilo(process, SiloAddress.FromParsableString(address))
            : throw new InvalidOperationException($"Silo {name} did not start; it said: {line}");
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
