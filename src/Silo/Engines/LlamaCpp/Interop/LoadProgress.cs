using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>llama.cpp's load callback as progress and cancellation.</summary>
internal sealed unsafe class LoadProgress : IDisposable
{
    private readonly IProgress<double>? _progress;
    private readonly CancellationToken _cancellation;
    private GCHandle _self;

    public LoadProgress(IProgress<double>? progress, CancellationToken cancellation)
    {
        _progress = progress;
        _cancellation = cancellation;
        _self = GCHandle.Alloc(this);
    }

    public void Attach(ref LlamaModelParams parameters)
    {
        parameters.progress_callback = (nint)(delegate* unmanaged[Cdecl]<float, nint, byte>)&OnProgress;
        parameters.progress_callback_user_data = GCHandle.ToIntPtr(_self);
    }

    public void Dispose() => _self.Free();

    /// <summary>Answering 0 makes llama.cpp give the load up.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte OnProgress(float share, nint userData)
    {
        try
        {
            var self = (LoadProgress)GCHandle.FromIntPtr(userData).Target!;
            self._progress?.Report(Math.Clamp(share, 0, 1));
            return self._cancellation.IsCancellationRequested ? (byte)0 : (byte)1;
        }
        catch (Exception)
        {
            // A progress receiver that throws ends the load; an exception must not unwind into native code.
            return 0;
        }
    }
}
