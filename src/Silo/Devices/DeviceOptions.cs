using System.ComponentModel.DataAnnotations;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Placement;

namespace OrleansInference.Silo.Devices;

/// <summary>The device that this silo offers. Configuration section "Device".</summary>
internal sealed class DeviceOptions
{
    public const string Section = "Device";

    /// <summary>Unique in the cluster. Default: the machine's name.</summary>
    [Required]
    [RegularExpression(
        "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", ErrorMessage = "Device:Name must be 1 to 63 letters, digits, dots, dashes or underscores.")]
    public string Name { get; set; } = Environment.MachineName;

    /// <summary>Device class, such as gpu-cloud, jetson, pi-hat. Default "generic".</summary>
    [Required, StringLength(63, MinimumLength = 1)]
    public string Class { get; set; } = "generic";

    /// <summary>Where it stands; hops inside a zone are cheap. Default "local".</summary>
    [Required, StringLength(63, MinimumLength = 1)]
    public string Zone { get; set; } = "local";

    /// <summary>
    /// What slices and KV may take, 1 MiB to 1 PiB: of the accelerator's memory, if there is one. Default: half of the machine's memory.
    /// </summary>
    [Range(1L << 20, 1L << 50)]
    public long MemoryBytes { get; set; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;

    /// <summary>Memory bandwidth that decoding reaches, in GB/s. Default 10.</summary>
    [Range(0.01, 100_000)]
    public double BandwidthGigabytesPerSecond { get; set; } = 10;

    /// <summary>
    /// Compute threads of a stage, 1 to 512. Default: the processors that this process may use. Divide them where several silos share a
    /// machine, as oinf up does.
    /// </summary>
    [Range(1, 512)]
    public int Threads { get; set; } = UsableProcessors.Count;

    /// <summary>
    /// Whether batches of streams are filled up with rows that are forgotten, where that is measured to be quicker. Without, the bits of
    /// logits depend on the streams of a batch alone. Default true.
    /// </summary>
    public bool FillsBatches { get; set; } = true;

    /// <summary>
    /// What computes: "none", the processor, or the backend of llama.cpp whose GPUs do, such as "cuda" or "vulkan"; its library must be in
    /// Natives:Folder. Default "none".
    /// </summary>
    [Required, StringLength(63, MinimumLength = 1)]
    public string Accelerator { get; set; } = DeviceLabels.NoAccelerator;

    /// <summary>Folder below which the sensors' files are read. Default "/".</summary>
    [Required]
    public string SensorRoot { get; set; } = "/";

    /// <summary>How long to wait before registering is tried again. Default 0.5 seconds.</summary>
    [Range(0.01, 60)]
    public double RegistrationRetrySeconds { get; set; } = 0.5;

    public DeviceProfile ToProfile() => new(Name, Class, Zone, MemoryBytes, BandwidthGigabytesPerSecond, Threads, Accelerator);
}
