using System.Diagnostics;
using System.Runtime.InteropServices;
using OrleansInference.Tool.Interop;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Supervision;

/// <summary>One run of a child process. Its input is a pipe that we hold and never write to: it ends when we end, however that happens.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;
    private readonly LogFile _log;
    private readonly long _logStart;
    private readonly Task _output;

    private ChildProcess(Process process, LogFile log)
    {
        _process = process;
        _log = log;
        _logStart = log.Position;
        ProcessId = process.Id;
        _output = Task.WhenAll(PumpAsync(process.StandardOutput.BaseStream), PumpAsync(process.StandardError.BaseStream));
    }

    public int ProcessId { get; }

    /// <exception cref="UserErrorException">The program cannot be started.</exception>
    public static ChildProcess Start(ProcessSpecification specification, LogFile log)
    {
        var start = new ProcessStartInfo(specification.Program, specification.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var (key, value) in specification.Environment)
            start.Environment[key] = value;
        // The child runs on the runtime that we run on, wherever that is installed.
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

        try
        {
            return new ChildProcess(Process.Start(start)!, log);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new UserErrorException($"{specification.Name} cannot be started: {specification.Program}: {e.Message}");
        }
    }

    /// <summary>The exit code, once the process is gone and all it wrote is in its log.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan outputBound, TimeProvider clock)
    {
        // Not Process.WaitForExitAsync with redirected readers: a grandchild that inherited the pipes would keep it waiting.
        await _process.WaitForExitAsync().ConfigureAwait(false);
        await Task.WhenAny(_output, Task.Delay(outputBound, clock)).ConfigureAwait(false);
        return _process.ExitCode;
    }

    public IReadOnlyList<string> LastLines(int count) => _log.Tail(_logStart, count);

    public void RequestStop() => Posix.RequestStop(ProcessId);

    public void Kill() => _process.Kill();

    public void Dispose() => _process.Dispose();

    private async Task PumpAsync(Stream output)
    {
        var buffer = new byte[8 << 10];
        while (await output.ReadAsync(buffer).ConfigureAwait(false) is > 0 and var count)
            _log.Append(buffer.AsSpan(0, count));
    }
}
