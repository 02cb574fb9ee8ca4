using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>What a stage may be configured as, beyond what its model allows.</summary>
internal static class StageConfigurationLimits
{
    public const int MaximumCells = 4 * 1024 * 1024;
    public const int MaximumRows = 8192;
    public const int MaximumThreads = 512;

    /// <exception cref="ArgumentException">A number is out of its range; the message names both.</exception>
    public static void Require(StageConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (configuration.FirstLayer < 0 || configuration.EndLayer <= configuration.FirstLayer)
            throw new ArgumentException($"Layers {configuration.FirstLayer} to {configuration.EndLayer} are no range of layers.");
        RequireRange("number of slots", configuration.SlotCount, LlamaNative.MaximumSequences);
        RequireRange("number of cells", configuration.CellCount, MaximumCells);
        RequireRange("number of batch rows", configuration.MaximumBatchRows, Math.Min(MaximumRows, configuration.CellCount));
        RequireRange("number of threads", configuration.Threads, MaximumThreads);
    }

    private static void RequireRange(string what, int value, int maximum)
    {
        if (value < 1 || value > maximum)
            throw new ArgumentException($"The {what} is {value}; it must be from 1 to {maximum}.");
    }
}
