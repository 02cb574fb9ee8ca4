using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>libggml and libggml-base, native names verbatim.</summary>
internal static unsafe partial class GgmlNative
{
    public const string Library = "ggml";
    public const string BaseLibrary = "ggml-base";
    public const int CpuDevice = 0;
    public const int GpuDevice = 1;
    public const int IntegratedGpuDevice = 2;
    public const int TypeF32 = 0;
    public const int TypeF16 = 1;

    [LibraryImport(Library), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void ggml_backend_load_all_from_path(byte* directory);

    [LibraryImport(Library), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint ggml_backend_dev_by_type(int type);

    [LibraryImport(Library), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nuint ggml_backend_dev_count();

    [LibraryImport(Library), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint ggml_backend_dev_get(nuint index);

    [LibraryImport(BaseLibrary), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint ggml_backend_dev_name(nint device);

    [LibraryImport(BaseLibrary), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint ggml_backend_dev_description(nint device);

    [LibraryImport(BaseLibrary), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int ggml_backend_dev_type(nint device);

    [LibraryImport(BaseLibrary), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void ggml_backend_dev_memory(nint device, nuint* free, nuint* total);

    [LibraryImport(BaseLibrary), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint ggml_backend_dev_backend_reg(nint device);

    [LibraryImport(BaseLibrary), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint ggml_backend_reg_name(nint registry);

    [LibraryImport(BaseLibrary), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint ggml_backend_reg_get_proc_address(nint registry, byte* name);

    [LibraryImport(BaseLibrary), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void ggml_threadpool_params_init(GgmlThreadpoolParams* parameters, int threads);

    [LibraryImport(BaseLibrary), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void ggml_backend_tensor_get(GgmlTensor* tensor, void* data, nuint offset, nuint size);

    [LibraryImport(BaseLibrary), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial GgmlTypeTraits* ggml_get_type_traits(int type);
}
