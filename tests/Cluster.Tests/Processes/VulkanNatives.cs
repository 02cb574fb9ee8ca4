using System.Runtime.InteropServices;

namespace OrleansInference.Cluster.Tests.Processes;

/// <summary>llama.cpp's libraries with the Vulkan backend beside them, and Mesa's driver, which computes on the processor.</summary>
internal sealed class VulkanNatives : IDisposable
{
    /// <summary>What a silo's log has once Vulkan has computed layers.</summary>
    public const string ComputedLine = "Vulkan Timings:";

    private const string Backend = "libggml-vulkan.so";

    private static readonly string[] s_drivers =
        ["/usr/share/vulkan/icd.d/lvp_icd.x86_64.json", "/usr/share/vulkan/icd.d/lvp_icd.json"];

    private VulkanNatives(string folder, string driver)
    {
        Folder = folder;
        Environment = new Dictionary<string, string>
        {
            ["Natives__Folder"] = folder,
            // That driver and no other, whatever GPU the machine has; ggml takes no processor for a GPU unless it is named.
            ["VK_DRIVER_FILES"] = driver,
            ["VK_ICD_FILENAMES"] = driver,
            ["GGML_VK_VISIBLE_DEVICES"] = "0",
            // Mesa 22.3's compiler of shaders falls over one that combines operations.
            ["GGML_VK_DISABLE_FUSION"] = "1",
            // Has the backend write what it computed.
            ["GGML_VK_PERF_LOGGER"] = "1",
        };
    }

    public string Folder { get; }

    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>Or a visible skip, where one of the three is missing.</summary>
    public static VulkanNatives Create()
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "llama.cpp's Vulkan backend is packaged for x64");
        var processor = Path.Combine(Checkout.Root, "native", "node_modules", "@node-llama-cpp", "linux-x64", "bins", "linux-x64");
        var backend = Path.Combine(
            Checkout.Root, "native", "vulkan", "node_modules", "@node-llama-cpp", "linux-x64-vulkan", "bins", "linux-x64-vulkan", Backend);
        Assert.SkipUnless(File.Exists(backend), "the Vulkan backend is not installed: run `npm ci --ignore-scripts` in native/vulkan/");
        Assert.SkipUnless(NativeLibrary.TryLoad("libvulkan.so.1", out _), "Vulkan is not installed (Debian, Ubuntu: libvulkan1)");
        var driver = s_drivers.FirstOrDefault(File.Exists);
        Assert.SkipWhen(driver is null, "Mesa's software driver is not installed (Debian, Ubuntu: mesa-vulkan-drivers)");

        var folder = Directory.CreateTempSubdirectory("oinf-vulkan-").FullName;
        foreach (var library in Directory.EnumerateFiles(processor, "*.so*").Append(backend))
            File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(library)), library);
        return new VulkanNatives(folder, driver!);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
