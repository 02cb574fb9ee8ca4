using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>
/// llama.cpp's log: warnings and errors go to the logger, bounded in length and rate; a load collects what its own thread logged,
/// because that is the only place where llama.cpp says why it failed.
/// </summary>
internal static unsafe partial class NativeLog
{
    private const int Warning = 3;
    private const int Error = 4;
    private const int Continuation = 5;
    private const int MaximumLineLength = 512;
    private const int MaximumCollectedLines = 8;
    private const int MaximumLinesPerSecond = 20;

    private static ILogger? s_logger;
    private static long s_windowSecond;
    private static int s_windowLines;

    [ThreadStatic] private static int t_level;
    [ThreadStatic] private static StringBuilder? t_line;
    [ThreadStatic] private static List<string>? t_collected;

    /// <summary>To be called before backends load, so that nothing is written to the console.</summary>
    public static void Install(ILogger logger)
    {
        s_logger = logger;
        LlamaNative.llama_log_set(&OnNativeLine, 0);
    }

    /// <summary>Runs a native call and returns with its result the warnings and errors that this thread logged meanwhile.</summary>
    public static T Collect<T>(Func<T> nativeCall, out string reason)
    {
        t_collected = [];
        try
        {
            var result = nativeCall();
            reason = t_collected.Count == 0 ? "llama.cpp gave no reason" : string.Join("; ", t_collected);
            return result;
        }
        finally
        {
            t_collected = null;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnNativeLine(int level, byte* text, nint userData)
    {
        try
        {
            Append(level, text);
        }
        catch (Exception)
        {
            // An exception must not unwind into native code, and a lost log line harms nobody.
        }
    }

    private static void Append(int level, byte* text)
    {
        if (level != Continuation)
            t_level = level;
        if (t_level is not (Warning or Error) || text is null)
            return;
        var line = t_line ??= new StringBuilder();
        var piece = Marshal.PtrToStringUTF8((nint)text) ?? "";
        line.Append(piece, 0, Math.Min(piece.Length, Math.Max(0, MaximumLineLength - line.Length)));
        if (!piece.EndsWith('\n'))
            return;
        var complete = line.ToString().Trim();
        line.Clear();
        if (complete.Length > 0)
            Emit(t_level, complete);
    }

    private static void Emit(int level, string line)
    {
        if (t_collected is { Count: < MaximumCollectedLines } collected)
            collected.Add(line);
        if (s_logger is not { } logger || !IsWithinRate())
            return;
        if (level == Error)
            LogNativeError(logger, line);
        else
            LogNativeWarning(logger, line);
    }

    private static bool IsWithinRate()
    {
        var second = TimeProvider.System.GetTimestamp() / TimeProvider.System.TimestampFrequency;
        if (Interlocked.Exchange(ref s_windowSecond, second) != second)
            Interlocked.Exchange(ref s_windowLines, 0);
        return Interlocked.Increment(ref s_windowLines) <= MaximumLinesPerSecond;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "llama.cpp: {Line}")]
    private static partial void LogNativeWarning(ILogger logger, string line);

    [LoggerMessage(Level = LogLevel.Error, Message = "llama.cpp: {Line}")]
    private static partial void LogNativeError(ILogger logger, string line);
}
