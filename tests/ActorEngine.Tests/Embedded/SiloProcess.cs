using System.Diagnostics;
using System.Globalization;
using Orleans.Runtime;
using OrleansInference.ActorEngine.TestSilo;

namespace OrleansInference.ActorEngine.Tests.Embedded;

/// <summary>A silo in a process of its own.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private readonly Process _process;

    private SiloProcess(Process process, SiloAddress silo)
    {
        _process = process;
        Silo = silo;
    }

    public SiloAddress Silo { get; }

    public int ProcessId => _process.Id;

    public bool HasExited => _process.HasExited;

    public static async Task<SiloProcess> StartAsync(string folder, string name, int pingMilliseconds = 1000)
    {
        var process = Launch(folder, name, pingMilliseconds);
        var line = await process.StandardOutput.ReadLineAsync().WaitAsync(TestTime.Limit);
        if (line is null || !line.StartsWith("ready ", StringComparison.Ordinal))
            throw new InvalidOperationException($"The silo did not start: {await process.StandardError.ReadToEndAsync()}");
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        return new SiloProcess(process, SiloAddress.FromParsableString(line["ready ".Length..]));
    }

    /// <summary>The error of a silo that does not start.</summary>
    public static async Task<string> FailToStartAsync(string folder, string name)
    {
        using var process = Launch(folder, name, 1000);
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TestTime.Limit);
        process.ExitCode.ShouldNotBe(0);
        return await error;
    }

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(TestTime.Limit);
    }

    public Task SignalAsync(string signal) => RunAsync("kill", $"-{signal}", ProcessId.ToString(CultureInfo.InvariantCulture));

    public Task ExitAsync() => _process.WaitForExitAsync().WaitAsync(TestTime.Limit);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }

    public static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync().WaitAsync(TestTime.Limit);
        process.ExitCode.ShouldBe(0);
    }

    private static Process Launch(string folder, string name, int pingMilliseconds) => Process.Start(new ProcessStartInfo("dotnet")
    {
        ArgumentList = { typeof(IProcessGrain).Assembly.Location, folder, name, pingMilliseconds.ToString(CultureInfo.InvariantCulture) },
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
