using System.Runtime.InteropServices;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>One of ggml's devices.</summary>
/// <param name="Name">Such as CUDA0.</param>
/// <param name="Description">Such as NVIDIA GeForce RTX 4090.</param>
/// <param name="Backend">Such as CUDA.</param>
/// <param name="Type">ggml's number for processors, GPUs and so on.</param>
/// <param name="TotalBytes">Its memory, used or not; 0 where it does not say.</param>
internal sealed record NativeDevice(nint Handle, string Name, string Description, string Backend, int Type, long TotalBytes)
{
    /// <summary>All that the loaded backends offer, the processor among them.</summary>
    public static IReadOnlyList<NativeDevice> List() =>
        [.. Enumerable.Range(0, (int)GgmlNative.ggml_backend_dev_count()).Select(i => Read(GgmlNative.ggml_backend_dev_get((nuint)i)))];

    public override string ToString() => $"{Name} ({Description})";

    private static unsafe NativeDevice Read(nint device)
    {
        nuint free, total;
        GgmlNative.ggml_backend_dev_memory(device, &free, &total);
        return new(
            device, Text(GgmlNative.ggml_backend_dev_name(device)), Text(GgmlNative.ggml_backend_dev_description(device)).Trim(),
            Text(GgmlNative.ggml_backend_reg_name(GgmlNative.ggml_backend_dev_backend_reg(device))),
            GgmlNative.ggml_backend_dev_type(device), (long)total);
    }

    private static string Text(nint pointer) => Marshal.PtrToStringUTF8(pointer) ?? "";
}
