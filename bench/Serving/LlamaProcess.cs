using System.Diagnostics;

namespace OrleansInference.Bench.Serving;

/// <summary>One of llama.cpp's programs, whose output goes to a file.</summary>
internal sealed class LlamaProcess : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ReadyBound = TimeSpan.FromMinutes(5);
    private readonly string _log;
    private readonly Process _process;

    /// <summary>A pipe would have to be read; the shell gives the program a file.</summary>
    private const string Script = "log=$1; shift; exec \"$@\" >\"$log\" 2>&1";

    private LlamaProcess(string program, IReadOnlyList<string> arguments, string log)
    {
        _log = log;
        _process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Script, "sh", log, program, .. arguments]))!;
    }

    /// <param name="log">The file that its output goes to.</param>
    /// <param name="isReady">Asked again and again; fails as long as nothing listens.</param>
    public static async Task<LlamaProcess> StartAsync(
        string program, IReadOnlyList<string> arguments, string log, Func<Task<bool>> isReady, CancellationToken cancellation)
    {
        var process = new LlamaProcess(program, arguments, log);
        try
        {
            var started = Stopwatch.GetTimestamp();
            while (!await IsReadyAsync(isReady))
            {
                if (process._process.HasExited || Stopwatch.GetElapsedTime(started) > ReadyBound)
                    throw new InvalidOperationException($"{program} did not become ready. It said:\n{process.Tail()}");
                await Task.Delay(Period, cancellation);
            }

            return process;
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    /// <summary>Runs a program to its end and returns what it wrote.</summary>
    public static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, string log, CancellationToken cancellation)
    {
        using var process = new LlamaProcess(program, arguments, log);
        await process._process.WaitForExitAsync(cancellation).WaitAsync(ReadyBound, cancellation);
        return process._process.ExitCode == 0
            ? await File.ReadAllTextAsync(log, cancellation)
            : throw new InvalidOperationException($"{program} ended with code {process._process.ExitCode}. It said:\n{process.Tail()}");
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private string Tail() => string.Join('\n', File.ReadLines(_log).TakeLast(12));

    private static async Task<bool> IsReadyAsync(Func<Task<bool>> isReady)
    {
        try
        {
            return await isReady();
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or System.Net.Sockets.SocketException)
        {
            return false;
        }
    }
}
