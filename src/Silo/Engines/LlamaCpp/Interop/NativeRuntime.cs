using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>The native libraries of this process: found, checked, loaded once, and never unloaded.</summary>
internal static unsafe class NativeRuntime
{
    private const int LargeBlockBytes = 4 * 1024 * 1024;

    private static readonly Lock s_lock = new();
    private static readonly Dictionary<string, nint> s_libraries = [];
    private static string? s_folder;

    /// <summary>Loads libllama and the best processor variant of ggml; later calls with the same folder do nothing.</summary>
    /// <exception cref="NativeRuntimeException">Missing, broken or of another version; or another folder was loaded before.</exception>
    public static void Load(string? configuredFolder, ILoggerFactory? loggers = null)
    {
        var folder = NativeFolder.Resolve(configuredFolder, AppContext.BaseDirectory);
        lock (s_lock)
        {
            if (s_folder is not null)
            {
                if (s_folder != folder)
                    throw new NativeRuntimeException(
                        $"Native libraries were loaded from {s_folder}; a process cannot load others from {folder}.");
                return;
            }
            NativeLayout.Verify();
            Adopt(folder);
            // An assertion in ggml ends the process anyway; its backtrace would start a debugger and hang for seconds first.
            _ = LibcNative.setenv("GGML_NO_BACKTRACE", "1", 1);
            // Left alone, the C library raises this bound with use and then keeps the caches of unloaded slices for itself.
            _ = LibcNative.mallopt(LibcNative.M_MMAP_THRESHOLD, LargeBlockBytes);
            NativeLog.Install((loggers ?? NullLoggerFactory.Instance).CreateLogger("OrleansInference.Silo.Engines.LlamaCpp"));
            fixed (byte* path = Encoding.UTF8.GetBytes(folder + '\0'))
                GgmlNative.ggml_backend_load_all_from_path(path);
            if (GgmlNative.ggml_backend_dev_by_type(GgmlNative.CpuDevice) == 0)
                throw new NativeRuntimeException($"No processor variant of ggml (libggml-cpu-*.so) in {folder} runs on this machine.");
            LlamaNative.llama_backend_init();
            s_folder = folder;
        }
    }

    /// <summary>A function of the loaded processor variant.</summary>
    public static nint CpuFunction(ReadOnlySpan<byte> name)
    {
        var registry = GgmlNative.ggml_backend_dev_backend_reg(GgmlNative.ggml_backend_dev_by_type(GgmlNative.CpuDevice));
        fixed (byte* pointer = name)
        {
            var function = GgmlNative.ggml_backend_reg_get_proc_address(registry, pointer);
            return function != 0
                ? function : throw new NativeRuntimeException($"ggml's processor backend has no {Encoding.UTF8.GetString(name)}.");
        }
    }

    /// <summary>
    /// Gives back to the system what the C library keeps after a slice was loaded or unloaded: up to tens of megabytes, in many small blocks.
    /// </summary>
    public static void ReturnFreeMemory() => _ = LibcNative.malloc_trim(0);

    private static void Adopt(string folder)
    {
        var path = NativeFolder.RequireLibrary(folder, "libllama");
        var llama = Open(path);
        try
        {
            NativeVersion.Require(llama, path);
            s_libraries[GgmlNative.Library] = Open(NativeFolder.RequireLibrary(folder, "libggml"));
            s_libraries[GgmlNative.BaseLibrary] = Open(NativeFolder.RequireLibrary(folder, "libggml-base"));
        }
        catch
        {
            NativeLibrary.Free(llama);
            throw;
        }
        var first = !s_libraries.ContainsKey(LlamaNative.Library);
        s_libraries[LlamaNative.Library] = llama;
        if (first)
            NativeLibrary.SetDllImportResolver(typeof(NativeRuntime).Assembly, (name, _, _) => s_libraries.GetValueOrDefault(name));
    }

    private static nint Open(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            throw new NativeRuntimeException($"{path} cannot be loaded: {error.Message}", error);
        }
    }
}
