using System.Globalization;
using System.Runtime.InteropServices;
using OrleansInference.Grains.Placement;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>What computes slices and holds them with their cache: the GPUs of one of ggml's backends, or the processor.</summary>
internal sealed unsafe class Accelerator
{
    private const int AllLayers = -1;

    /// <summary>Ends with a null pointer. llama.cpp keeps the address with every model, so it stays for the life of the process.</summary>
    private readonly nint* _devices;

    public Accelerator(IReadOnlyList<NativeDevice> devices)
    {
        Devices = devices;
        _devices = (nint*)NativeMemory.AllocZeroed((nuint)devices.Count + 1, (nuint)sizeof(nint));
        for (var i = 0; i < devices.Count; i++)
            _devices[i] = devices[i].Handle;
    }

    /// <summary>The processor, and nothing else, whatever the machine has.</summary>
    public static Accelerator None { get; } = new([]);

    /// <summary>Empty: the processor.</summary>
    public IReadOnlyList<NativeDevice> Devices { get; }

    /// <summary>All GPUs of a backend, or, as llama.cpp does, its integrated ones where there are no others. The natives must be loaded.</summary>
    /// <param name="name">As ggml names its backends, in any case: cuda, vulkan, rocm, …; or none.</param>
    /// <exception cref="NativeRuntimeException">The loaded natives offer no such device; the message says which they do.</exception>
    public static Accelerator Find(string name)
    {
        if (name.Equals(DeviceLabels.NoAccelerator, StringComparison.OrdinalIgnoreCase))
            return None;
        var offered = NativeDevice.List();
        var backend = offered.Where(device => device.Backend.Equals(name, StringComparison.OrdinalIgnoreCase)).ToArray();
        var gpus = backend.Where(device => device.Type == GgmlNative.GpuDevice).ToArray();
        if (gpus.Length == 0)
            gpus = [.. backend.Where(device => device.Type == GgmlNative.IntegratedGpuDevice)];
        return gpus.Length > 0 ? new Accelerator(gpus) : throw new NativeRuntimeException(
            $"Device:Accelerator is {name}, but llama.cpp's libraries find no such GPU here, only {string.Join(", ", offered)}. "
            + $"Put libggml-{name.ToLowerInvariant()}.so beside the others in Natives:Folder and see that its driver works, or set none.");
    }

    /// <exception cref="NativeRuntimeException">The device is to hold more than its GPUs have.</exception>
    public void RequireMemory(long bytes)
    {
        var total = Devices.Sum(device => device.TotalBytes);
        if (Devices.Count > 0 && bytes > total)
            throw new NativeRuntimeException(string.Create(CultureInfo.InvariantCulture,
                $"Device:MemoryBytes is {bytes}, but {string.Join(" and ", Devices)} has {total} bytes; leave some of them to the computation, too."));
    }

    public void Use(ref LlamaModelParams parameters)
    {
        parameters.devices = (nint)_devices;
        parameters.n_gpu_layers = Devices.Count > 0 ? AllLayers : 0;
    }
}
