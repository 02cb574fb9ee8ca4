using System.ComponentModel;
using System.Runtime.InteropServices;

namespace OrleansInference.Tool.Interop;

/// <summary>The two calls of the C library that .NET has no method for.</summary>
internal static partial class Posix
{
    private const int NoSuchProcess = 3;
    private const int Terminate = 15;

    public static uint EffectiveUserId => geteuid();

    /// <summary>Asks a process to stop (SIGTERM). A process that is gone already is no error.</summary>
    public static void RequestStop(int processId)
    {
        if (kill(processId, Terminate) == 0)
            return;
        var error = Marshal.GetLastPInvokeError();
        if (error != NoSuchProcess)
            throw new Win32Exception(error, $"Process {processId} cannot be stopped: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int sig);
}
